import * as api from "./api.js";
import { fill, h, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { emit, on, state } from "./state.js";
import { attempt, toast } from "./toast.js";

/** The bot's keyboard under the input. */
export const keyboardArea = h("div", { class: "reply-keyboard", hidden: true, role: "group", dataset: { testid: "reply-keyboard" } });

let isHidden = false;
let shownFor = null;

export const placeholderOfKeyboard = () => state.replyKeyboard?.input_field_placeholder;

export function keyboardToggle() {
  if (!state.replyKeyboard?.keyboard) return null;
  return iconButton("keyboard", t(isHidden ? "keyboardShow" : "keyboardHide"), {
    dataset: { testid: "toggle-keyboard" },
    "aria-pressed": String(!isHidden),
    onclick: (event) => {
      setHidden(!isHidden);
      event.currentTarget.setAttribute("aria-pressed", String(!isHidden));
    },
  });
}

function setHidden(next) {
  isHidden = next;
  keyboardArea.hidden = isHidden || !state.replyKeyboard?.keyboard;
  emit("keyboard_shown");
}

function draw() {
  const markup = state.replyKeyboard;
  const key = JSON.stringify(markup);
  if (key !== shownFor) {
    shownFor = key;
    isHidden = false;
    keyboardArea.setAttribute("aria-label", t("replyKeyboard"));
    keyboardArea.classList.toggle("resized", Boolean(markup?.resize_keyboard));
    fill(keyboardArea, (markup?.keyboard ?? []).map((row) => h("div", { class: "keyboard-row" }, row.map(keyButton))));
  }
  setHidden(isHidden);
}

function keyButton(button) {
  const label = typeof button === "string" ? button : button.text;
  return h("button", { type: "button", class: "reply-button", title: label,
    dataset: { testid: "reply-button", style: button.style ?? "" }, onclick: () => pressKey(button, label) },
  h("span", { class: "face" }, label));
}

async function pressKey(button, label) {
  if (state.replyKeyboard?.one_time_keyboard) setHidden(true);
  if (button.request_contact) await attempt(api.sendKind(state.personId, "contact"));
  else if (button.request_location) await attempt(api.sendKind(state.personId, "location"));
  else if (button.web_app) emit("open_app", { way: "keyboard", url: button.web_app.url, buttonText: label });
  else if (button.request_poll || button.request_users || button.request_chat) toast(t("unsupportedButton"));
  else emit("say", label);
}

on("chat", draw);
on("reply_keyboard", draw);
on("person", draw);
