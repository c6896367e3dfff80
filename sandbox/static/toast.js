import { ApiError } from "./api.js";
import { $, h } from "./dom.js";
import { t } from "./i18n.js";

export function toast(text, kind = "info") {
  const box = $("toasts");
  const same = [...box.children].find((one) => one.textContent === text);
  same?.remove();
  const node = h("div", { class: `toast toast-${kind}`, dataset: { testid: "toast" } }, text);
  box.append(node);
  raise(box);
  while (box.children.length > 3) box.firstChild.remove();
  setTimeout(() => {
    node.classList.add("leaving");
    setTimeout(() => node.remove(), 300);
  }, Math.min(9000, 2600 + text.length * 45));
}

// a modal dialog lies in the browser's top layer; words about it must lie above it
function raise(box) {
  const { left, width } = $("chat").getBoundingClientRect();
  box.style.left = `${left + width / 2}px`;
  if (!box.showPopover) return;
  if (document.querySelector("dialog[open]")) box.hidePopover();
  if (!box.matches(":popover-open")) box.showPopover();
}

export function toastError(error) {
  if (!(error instanceof ApiError)) throw error;
  toast(error.status === 0 ? t("offline") : t("failed", { error: error.message }), "error");
}

/** Wait for a call of the control API; a refusal becomes a toast and `undefined`. */
export async function attempt(promise) {
  try {
    return await promise;
  } catch (error) {
    toastError(error);
    return undefined;
  }
}

/** A modal dialog; it removes itself when closed. `onclose` gets the dialog's return value. */
export function dialog({ title, testid, onclose, className = "" }, ...children) {
  const node = h(
    "dialog",
    { class: `dialog ${className}`, "aria-label": title, dataset: { testid } },
    title && h("h2", {}, title),
    children,
  );
  node.addEventListener("close", () => {
    node.remove();
    onclose?.(node.returnValue);
  });
  node.addEventListener("mousedown", (event) => {
    if (event.target === node) node.close("");
  });
  document.body.append(node);
  node.showModal();
  return node;
}

/** What `show_alert` looks like in Telegram: words and one button. */
export function alertDialog(text, title) {
  const ok = h("button", { type: "button", class: "button primary", dataset: { testid: "alert-ok" } }, t("ok"));
  const node = dialog({ title, testid: "alert", className: "alert" }, h("p", { class: "dialog-text" }, text),
    h("div", { class: "dialog-actions" }, ok));
  ok.addEventListener("click", () => node.close());
  ok.focus();
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyByHand(text)) return toast(t("copyFailed"), "error");
  }
  return toast(t("copied"));
}

// a page served from another machine over plain http has no clipboard API
function copyByHand(text) {
  const area = h("textarea", { class: "offscreen", value: text });
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}
