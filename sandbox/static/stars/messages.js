import { h } from "../dom.js";
import { clockTime, currentLanguage, t } from "../i18n.js";
import { state } from "../state.js";
import "./words.js";

export const dayOf = (seconds) =>
  new Date(seconds * 1000).toLocaleDateString(currentLanguage(), { day: "numeric", month: "long", year: "numeric" });

/** What an invoice in the chat shows above its button. */
export function invoiceCard({ title, description, total_amount: amount }) {
  return h("div", { class: "invoice", dataset: { testid: "invoice" } }, h("b", {}, title), h("p", {}, description),
    h("span", { class: "invoice-price" }, t("starsOnce", { n: amount })));
}

/** "⭐" and "XTR" in the words of a Pay button are the Star, which not every machine has among its emoji. */
export const payWords = (text) => text.replaceAll(/XTR|⭐\uFE0F?/g, "★");

/** A payment or its way back, as Telegram tells it between messages; null of any other message. */
export function starsNews(message) {
  const words = newsWords(message);
  return words && h("article", { class: "message service", tabindex: "-1", "aria-label": words,
    dataset: { messageId: message.message_id, testid: "message", own: "false" } },
  h("div", { class: "service-words", title: clockTime(message.date), dataset: { testid: "stars-news" } }, words));
}

function newsWords({ successful_payment: paid, refunded_payment: returned }) {
  const bot = state.bot.first_name;
  if (returned) return t("starsReturned", { n: returned.total_amount, bot });
  if (!paid) return null;
  const until = paid.subscription_expiration_date;
  if (until) return t("starsChargedUntil", { n: paid.total_amount, bot, date: dayOf(until) });
  return t("starsCharged", { n: paid.total_amount, bot });
}
