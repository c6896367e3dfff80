import { h } from "../dom.js";
import { t } from "../i18n.js";
import { dialog } from "../toast.js";

const WORDS = { ok: "ok", close: "close", cancel: "cancel" };
const MAX_BUTTONS = 3;

/** Telegram's popup over a Mini App; the answer's `button_id` is missing when it was closed otherwise. */
export function popup({ title, message, buttons = [{ id: "", type: "close" }] }) {
  return new Promise((resolve) => {
    let answer = {};
    const press = (id) => {
      answer = { button_id: id };
      node.close();
    };
    const node = dialog({ title, testid: "webapp-popup", onclose: () => resolve(answer) },
      h("p", { class: "dialog-text" }, message),
      h("div", { class: "dialog-actions" }, buttons.slice(0, MAX_BUTTONS).map(({ id = "", type = "default", text }) =>
        h("button", { type: "button", class: `button ${type === "destructive" ? "danger" : ""}`,
          dataset: { testid: "webapp-popup-button" }, onclick: () => press(id) }, WORDS[type] ? t(WORDS[type]) : text))));
  });
}
