import { emit } from "./state.js";

const TO_BOT = /^(?:https?:\/\/t\.me\/(\w+)(?:\/\w+)?\/?\??|tg:\/\/resolve\?domain=(\w+)&?)([^#]*)/i;
const TO_INVOICE = /^https?:\/\/t\.me\/(?:\$|invoice\/)([\w-]+)\/?$/i;
const START_PARAM = /^[\w-]{0,512}$/;

/** What a link to this very bot or to an invoice asks for: {start}, {startapp, compact}, {invoice}; null for any other. */
export function botLink(href, username) {
  const invoice = TO_INVOICE.exec(href ?? "")?.[1];
  if (invoice) return { invoice };
  const match = TO_BOT.exec(href ?? "");
  if (!match || (match[1] ?? match[2]).toLowerCase() !== username?.toLowerCase()) return null;
  const query = new URLSearchParams(match[3]);
  const startapp = query.get("startapp");
  if (startapp === null) return { start: query.get("start") ?? "" };
  return START_PARAM.test(startapp) ? { startapp, compact: query.get("mode") === "compact" } : { start: "" };
}

/** Go where such a link leads: to the bot with a command, into its main Mini App, or to where it is paid. */
export function followBotLink({ start, startapp, compact, invoice }) {
  if (invoice) emit("pay", { slug: invoice });
  else if (startapp !== undefined) emit("open_app", { way: "link", startParam: startapp, compact });
  else emit("say", start ? `/start ${start}` : "/start");
}

/** A link node that stays in the chat where it leads to this bot. */
export function followHere(node, href, username) {
  const link = botLink(href, username);
  if (!link) return;
  node.addEventListener("click", (event) => {
    event.preventDefault();
    followBotLink(link);
  });
}
