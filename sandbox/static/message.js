import { h, icon } from "./dom.js";
import { clockTime, t } from "./i18n.js";
import { inlineKeyboard } from "./buttons.js";
import { mediaOf } from "./media.js";
import { richText } from "./richtext.js";
import { invoiceCard, starsNews } from "./stars/messages.js";
import { isOwn } from "./state.js";

/** One message of the chat. `actions`: {command, deepLink, username, menu(message, anchor), goTo(id)}. */
export function messageNode(message, actions) {
  const news = starsNews(message);
  if (news) return news;
  const own = isOwn(message);
  const media = mediaOf(message);
  const words = message.text ?? message.caption ?? "";
  const html = message.sandbox?.html ?? "";
  const text = words && h("div", { class: "text", dir: "auto", dataset: { testid: "message-text" } },
    html ? richText(html, actions) : words);
  const bubble = h("div", { class: bubbleClass(message, media, words) },
    replyQuote(message, actions),
    message.show_caption_above_media ? [text, media?.node] : [media?.node, text],
    message.invoice && invoiceCard(message.invoice),
    !media && !words && !message.invoice && h("div", { class: "text muted" }, serviceWords(message)),
    meta(message, own));
  const body = h("div", { class: "message-body" }, bubble, inlineKeyboard(message));
  if (media?.width) body.style.width = `${media.width}px`;
  const node = h("article", {
    class: `message ${own ? "own" : "theirs"}`,
    tabindex: "-1",
    "aria-label": `${own ? message.from.first_name : message.from?.first_name ?? t("bot")}, ${clockTime(message.date)}`,
    dataset: { messageId: message.message_id, testid: "message", own: String(own) },
  }, body);
  listenForMenu(node, bubble, message, actions);
  return node;
}

function bubbleClass(message, media, words) {
  const names = ["bubble"];
  if (media) names.push("has-media");
  if (media?.bare) names.push("bare");
  if (media?.width) names.push("framed");
  if (media && !words) names.push("wordless");
  return names.join(" ");
}

function meta(message, own) {
  const edited = message.edit_date || message.sandbox?.edits > 0;
  const seconds = message.date;
  return h("span", { class: "meta" },
    edited && h("span", { dataset: { testid: "edited" } }, t("edited")),
    h("time", { datetime: new Date(seconds * 1000).toISOString() }, clockTime(seconds)),
    own && icon("checks", 16));
}

function replyQuote(message, actions) {
  const to = message.reply_to_message;
  if (!to) return null;
  const words = to.text ?? to.caption ?? to.invoice?.title ?? t(to.photo ? "photo" : "file");
  return h("button", { type: "button", class: "reply-quote", onclick: () => actions.goTo(to.message_id) },
    h("b", {}, to.from?.first_name ?? t("bot")), h("span", {}, words.slice(0, 120)));
}

const KNOWN = new Set(["message_id", "from", "chat", "date", "sandbox", "entities", "reply_markup", "edit_date"]);

// kinds of messages the page has no picture for are named, never shown as an empty bubble
const serviceWords = (message) => Object.keys(message).filter((key) => !KNOWN.has(key)).join(", ") || "…";

function listenForMenu(node, bubble, message, actions) {
  const open = (anchor) => actions.menu(message, anchor);
  bubble.addEventListener("contextmenu", (event) => {
    if (event.target.closest("a, img") || String(getSelection())) return;
    event.preventDefault();
    open({ x: event.clientX, y: event.clientY });
  });
  node.addEventListener("keydown", (event) => {
    if (event.target !== node) return;
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey) || event.key === "Enter") {
      event.preventDefault();
      open(bubble);
    }
  });
}

/** Words that are still being written (`sendMessageDraft`). */
export function draftNode(draft, actions) {
  const html = draft.html ?? draft.sandbox?.html;
  const text = h("div", { class: "text", dir: "auto" }, html ? richText(html, actions) : draft.text || t("thinking"));
  text.append(h("span", { class: "caret", "aria-hidden": "true" }));
  return h("article", { class: "message theirs draft", "aria-label": t("drafting"), dataset: { testid: "draft" } },
    h("div", { class: "message-body" }, h("div", { class: "bubble" }, text),
      draft.can_stop && h("div", { class: "inline-keyboard" }, h("div", { class: "keyboard-row" },
        h("button", { type: "button", class: "inline-button", dataset: { testid: "draft-stop" }, onclick: () => actions.stop(draft.draft_id) }, h("span", { class: "face" }, t("draftStop")))))));
}
