import { emit } from "./state.js";

const TO_BOT = /^(?:https?:\/\/t\.me\/(\w+)(?:\/\w+)?\/?\??|tg:\/\/resolve\?domain=(\w+)&?)([^#]*)/i;
const START_PARAM = /^[\w-]{0,512}$/;

/** What a link to this very bot asks for: {start}, {startapp, compact}; null for any other link. */
export function botLink(href, username) {
  const match = TO_BOT.exec(href ?? "");
  if (!match || (match[1] ?? match[2]).toLowerCase() !== username?.toLowerCase()) return null;
  const query = new URLSearchParams(match[3]);
  const startapp = query.get("startapp");
  if (startapp === null) return { start: query.get("start") ?? "" };
  return START_PARAM.test(startapp) ? { startapp, compact: query.get("mode") === "compact" } : { start: "" };
}

/** Go where such a link leads: to the bot with a command, or into its main Mini App. */
export function followBotLink({ start, startapp, compact }) {
  if (startapp !== undefined) emit("open_app", { way: "link", startParam: startapp, compact });
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
