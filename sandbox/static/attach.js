import * as api from "./api.js";
import { openDrawing } from "./draw.js";
import { $, h, icon } from "./dom.js";
import { fileSize, t } from "./i18n.js";
import { openMenu } from "./popup.js";
import { person, state } from "./state.js";
import { attempt, dialog, toastError } from "./toast.js";

const photoInput = h("input", { type: "file", accept: "image/*", multiple: true, hidden: true, dataset: { testid: "upload-photo" } });
const fileInput = h("input", { type: "file", multiple: true, hidden: true, dataset: { testid: "upload-document" } });
const veil = h("div", { class: "drop-veil", hidden: true });

const isPicture = (file) => /^image\/(png|jpe?g|webp|gif|bmp|avif)$/.test(file.type);

export function mountAttach() {
  document.body.append(photoInput, fileInput);
  $("chat").append(veil);
  for (const [input, as] of [[photoInput, "photo"], [fileInput, "document"]]) {
    input.addEventListener("change", () => {
      const files = [...input.files];
      input.value = "";
      if (files.length) askToSend(files, as);
    });
  }
  listenForDrops();
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    askToSend(files, files.every(isPicture) ? "photo" : "document");
  });
}

export function openAttachMenu(anchor) {
  const made = (kind, picture = kind) => ({ label: t(kind), icon: picture, testid: `attach-${kind}`,
    action: () => attempt(api.sendKind(state.personId, kind)) });
  openMenu(anchor, [
    { label: t("photo"), icon: "photo", action: () => photoInput.click(), testid: "attach-photo" },
    { label: t("file"), icon: "file", action: () => fileInput.click(), testid: "attach-file" },
    { label: t("draw"), icon: "draw", action: openDrawing, testid: "attach-draw" },
    null,
    made("voice"), made("sticker"), made("location"), made("contact"), made("dice"),
  ], t("attach"));
}

function listenForDrops() {
  const chat = $("chat");
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files") && person() && !person().blocked;
  const setDepth = (value) => {
    depth = value;
    veil.hidden = depth <= 0;
    veil.textContent = t("dropHere");
  };
  chat.addEventListener("dragenter", (event) => hasFiles(event) && setDepth(depth + 1));
  chat.addEventListener("dragleave", (event) => hasFiles(event) && setDepth(depth - 1));
  chat.addEventListener("drop", (event) => {
    event.preventDefault();
    setDepth(0);
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) askToSend(files, files.every(isPicture) ? "photo" : "document");
  });
  // a file dropped beside the chat must not replace the page
  for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
}

function askToSend(files, as) {
  const canBePhotos = files.every(isPicture);
  const title = t("sendFiles", { n: files.length });
  const urls = [];
  const caption = h("input", { class: "caption", placeholder: t("caption"), "aria-label": t("caption"), maxlength: 1024,
    dataset: { testid: "upload-caption" } });
  const choice = ["photo", "document"].map((kind) => h("label", { class: "choice" },
    h("input", { type: "radio", name: "as", value: kind, checked: kind === (canBePhotos ? as : "document"),
      disabled: kind === "photo" && !canBePhotos, dataset: { testid: `upload-as-${kind}` } }),
    h("span", {}, t(kind === "photo" ? "asPhoto" : "asFile"))));
  const send = h("button", { type: "submit", class: "button primary", dataset: { testid: "upload-send" } }, t("send"));
  const form = h("form", { class: "form" },
    h("div", { class: "previews" }, files.slice(0, 4).map((file) => preview(file, urls))),
    h("div", { class: "choices", role: "radiogroup" }, choice),
    caption,
    h("div", { class: "dialog-actions" },
      h("button", { type: "button", class: "button", onclick: () => node.close() }, t("cancel")), send));
  const node = dialog({ title, testid: "upload-dialog", onclose: () => urls.forEach((url) => URL.revokeObjectURL(url)) }, form);
  caption.focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.setAttribute("aria-busy", "true");
    send.disabled = true;
    const isSent = await sendAll(files, form.elements.as.value, caption.value.trim());
    if (isSent) node.close();
    send.disabled = false;
    send.removeAttribute("aria-busy");
  });
}

function preview(file, urls) {
  const row = h("div", { class: "document" }, h("span", { class: "round" }, icon("file", 20)),
      h("span", { class: "document-words" }, h("span", { class: "file-name" }, file.name), h("span", { class: "file-size" }, fileSize(file.size))));
  if (!isPicture(file)) return row;
  urls.push(URL.createObjectURL(file));
  const image = h("img", { src: urls.at(-1), alt: file.name });
  image.addEventListener("error", () => image.replaceWith(row), { once: true });
  return image;
}

async function sendAll(files, as, caption) {
  const to = state.personId;
  const album = files.length > 1 ? String(Date.now()) : "";
  try {
    for (const [at, file] of files.entries()) await api.upload(to, file, as, at === 0 ? caption : "", album);
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}
