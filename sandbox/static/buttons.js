import * as api from "./api.js";
import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { followHere } from "./links.js";
import { payWords } from "./stars/messages.js";
import { emit, on, state } from "./state.js";
import { alertDialog, copyText, toast, toastError } from "./toast.js";

const PATIENCE_MS = 15_000;
const ASK_EVERY_MS = 1500;

/** Presses without an answer yet: `${message_id}:${data}` → callback_query_id (null until the sandbox gave one). */
const waiting = new Map();
/** Answers that came over the stream before the press call itself returned. */
const early = new Map();

const isOpenable = (url) => /^(https?|tg|mailto|tel):/i.test(url ?? "");

export function inlineKeyboard(message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows?.length) return null;
  return h("div", { class: "inline-keyboard", dataset: { testid: "inline-keyboard" } },
    rows.map((row) => h("div", { class: "keyboard-row" }, row.map((button) => inlineButton(message, button)))));
}

function inlineButton(message, button) {
  const kind = kindOf(button);
  const mark = { url: "external", login_url: "external", web_app: "external", copy_text: "copy" }[kind];
  const words = kind === "pay" ? wordsOfPay(message, button) : button.text;
  const props = {
    class: "inline-button",
    dataset: { testid: "inline-button", kind, callbackData: button.callback_data ?? "", style: button.style ?? "" },
    title: words,
  };
  const face = [h("span", { class: "face" }, words), mark && icon(mark, 12)];
  if (kind === "url" && isOpenable(button.url)) return linkButton(button, props, face);
  const key = `${message.message_id}:${button.callback_data}`;
  const isWaiting = kind === "callback_data" && waiting.has(key);
  return h("button", {
    type: "button",
    ...props,
    disabled: Boolean(button.disabled),
    "aria-busy": isWaiting ? "true" : null,
    onclick: (event) => act(kind, button, message, event.currentTarget),
  }, face);
}

const wordsOfPay = (message, button) => (message.sandbox?.receipt ? t("starsReceipt") : payWords(button.text));

const kindOf = (button) =>
  ["callback_data", "url", "copy_text", "web_app", "login_url", "pay"].find((name) => button[name] !== undefined) ??
  (button.switch_inline_query_current_chat !== undefined ? "inline_here" : "other");

function linkButton(button, props, face) {
  const node = h("a", { ...props, href: button.url, target: "_blank", rel: "noopener noreferrer" }, face);
  followHere(node, button.url, state.bot.username);
  return node;
}

function act(kind, button, message, node) {
  if (kind === "callback_data") press(message.message_id, button.callback_data, node);
  else if (kind === "copy_text") copyText(button.copy_text.text);
  else if (kind === "web_app") emit("open_app", { way: "inline", url: button.web_app.url });
  else if (kind === "login_url") window.open(button.login_url.url, "_blank", "noopener");
  else if (kind === "pay") emit("pay", { message });
  else if (kind === "inline_here") emit("insert", `@${state.bot.username} ${button.switch_inline_query_current_chat}`);
  else toast(t("unsupportedButton"));
}

async function press(messageId, data, node) {
  const key = `${messageId}:${data}`;
  if (waiting.has(key)) return;
  waiting.set(key, null);
  node.setAttribute("aria-busy", "true");
  try {
    const { callback_query_id: id } = await api.press(state.personId, messageId, data);
    const answer = early.get(id);
    early.delete(id);
    if (answer) return finish(key, answer);
    if (!waiting.has(key)) return;
    waiting.set(key, id);
    await waitForAnswer(key, id);
  } catch (error) {
    finish(key);
    toastError(error);
  }
}

// the stream brings the answer; asking now and then covers a stream that broke
async function waitForAnswer(key, id) {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    if (waiting.get(key) !== id) return;
    const answer = await api.callback(id).catch(() => null);
    if (waiting.get(key) !== id) return;
    if (answer?.answered) return finish(key, answer);
  }
  finish(key);
  toast(t("noAnswer"), "error");
}

function finish(key, answer) {
  waiting.delete(key);
  const [messageId] = key.split(":");
  const message = document.querySelector(`[data-message-id="${messageId}"]`);
  for (const node of message?.querySelectorAll('[aria-busy="true"]') ?? []) {
    if (`${messageId}:${node.dataset.callbackData}` === key) node.removeAttribute("aria-busy");
  }
  if (!answer) return;
  if (answer.text && answer.show_alert) alertDialog(answer.text, state.bot.first_name);
  else if (answer.text) toast(answer.text);
  if (answer.url && isOpenable(answer.url)) window.open(answer.url, "_blank", "noopener");
}

on("callback_answer", (answer) => {
  for (const [key, id] of waiting) {
    if (id === answer.callback_query_id) return finish(key, answer);
  }
  early.set(answer.callback_query_id, answer);
  if (early.size > 50) early.delete(early.keys().next().value);
});

on("person", () => {
  waiting.clear();
  early.clear();
});
