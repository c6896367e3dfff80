import { h, icon } from "./dom.js";
import { fileSize, t } from "./i18n.js";
import { dialog } from "./toast.js";

const MAX_SIDE = 400;
const MIN_WIDTH = 200;

/** The part of a bubble above the words: {node, width?} (width in px when it rules the bubble's), or null. */
export function mediaOf(message) {
  if (message.photo?.length) return photo(message);
  if (message.animation || message.video) return video(message, message.animation ?? message.video);
  if (message.sticker) return { node: sticker(message), bare: true };
  if (message.dice) return { node: dice(message.dice), bare: true };
  if (message.voice || message.audio) return { node: sound(message) };
  if (message.document) return { node: documentRow(message, message.document) };
  if (message.location) return { node: place(message.location) };
  if (message.contact) return { node: contact(message.contact) };
  return null;
}

const fileOf = (message, fileId) =>
  message.sandbox?.files?.find((file) => file.file_id === fileId) ?? message.sandbox?.files?.at(-1);

function photo(message) {
  const size = message.photo.reduce((best, one) => (one.width * one.height > best.width * best.height ? one : best));
  const file = fileOf(message, size.file_id);
  const scale = Math.min(1, MAX_SIDE / size.width, MAX_SIDE / size.height);
  const width = Math.max(MIN_WIDTH, Math.round(size.width * scale));
  const image = h("img", { src: file?.url, alt: message.caption ?? t("photo"), width: size.width, height: size.height,
    decoding: "async" });
  const node = h("button", { type: "button", class: "photo", "aria-label": t("enlarge"),
    style: { aspectRatio: `${size.width} / ${size.height}` }, dataset: { testid: "photo" } }, image);
  if (message.has_media_spoiler) node.classList.add("veiled");
  node.addEventListener("click", () => {
    if (node.classList.contains("veiled")) node.classList.remove("veiled");
    else lightbox(file, message.caption);
  });
  return { node, width };
}

function lightbox(file, caption) {
  if (!file) return;
  const node = dialog(
    { testid: "lightbox", className: "lightbox" },
    h("div", { class: "lightbox-bar" },
      h("a", { class: "icon-button", href: file.url, download: file.name ?? "photo.jpg", "aria-label": t("download"),
        title: t("download") }, icon("download")),
      h("button", { type: "button", class: "icon-button", "aria-label": t("close"), title: t("close"),
        dataset: { testid: "lightbox-close" }, onclick: () => node.close() }, icon("close"))),
    h("img", { src: file.url, alt: caption ?? t("photo"), onclick: () => node.close() }),
    caption && h("p", {}, caption),
  );
  node.setAttribute("aria-label", t("photo"));
}

function video(message, media) {
  const file = fileOf(message, media.file_id);
  const looped = Boolean(message.animation);
  const node = h("video", { src: file?.url, class: "video", controls: !looped, loop: looped, autoplay: looped,
    playsinline: true, preload: "metadata" });
  node.muted = looped;
  return { node, width: 320 };
}

function sticker(message) {
  const file = fileOf(message, message.sticker.file_id);
  const word = message.sticker.emoji || "🙂";
  const glyph = h("span", { class: "sticker", role: "img", "aria-label": `${t("sticker")} ${word}` }, word);
  if (!file?.mime_type?.startsWith("image/")) return glyph;
  const image = h("img", { class: "sticker-image", src: file.url, alt: `${t("sticker")} ${word}` });
  image.addEventListener("error", () => image.replaceWith(glyph), { once: true });
  return image;
}

const PIPS = { 1: [4], 2: [0, 8], 3: [0, 4, 8], 4: [0, 2, 6, 8], 5: [0, 2, 4, 6, 8], 6: [0, 2, 3, 5, 6, 8] };

function dice({ emoji, value }) {
  if (emoji && emoji !== "🎲") return h("span", { class: "sticker" }, emoji, h("small", {}, String(value)));
  const cells = Array.from({ length: 9 }, (_, at) => h("i", { class: PIPS[value]?.includes(at) ? "pip" : "" }));
  return h("span", { class: "die", role: "img", "aria-label": `${t("dice")}: ${value}` }, cells);
}

function sound(message) {
  const media = message.voice ?? message.audio;
  const file = fileOf(message, media.file_id);
  const player = new Audio();
  const seconds = media.duration ?? 0;
  const label = media.title ?? media.file_name ?? t(message.voice ? "voice" : "audio");
  const node = h("div", { class: "sound" },
    h("button", { type: "button", class: "round", "aria-label": label, title: label, onclick: () => {
      player.src ||= file?.url ?? "";
      if (player.paused) player.play().catch(() => node.classList.remove("playing"));
      else player.pause();
    } }, icon("play", 20)),
    message.voice ? wave(media.file_unique_id ?? media.file_id) : h("span", { class: "file-name" }, label),
    h("span", { class: "file-size" }, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`));
  player.addEventListener("play", () => node.classList.add("playing"));
  for (const end of ["pause", "ended", "error"]) player.addEventListener(end, () => node.classList.remove("playing"));
  return node;
}

function wave(seed) {
  let state = [...seed].reduce((sum, char) => (sum * 31 + char.codePointAt(0)) >>> 0, 7);
  const bars = Array.from({ length: 28 }, () => {
    state = (state * 1_103_515_245 + 12_345) >>> 0;
    return h("i", { style: { height: `${4 + (state >>> 16) % 17}px` } });
  });
  return h("span", { class: "wave", "aria-hidden": "true" }, bars);
}

function documentRow(message, media) {
  const file = fileOf(message, media.file_id);
  const name = media.file_name ?? file?.name ?? t("file");
  const extension = /\.(\w{1,5})$/.exec(name)?.[1] ?? "";
  return h("a", { class: "document", href: file?.url, download: name, title: t("download"), dataset: { testid: "document" } },
    h("span", { class: "round" }, extension ? h("b", {}, extension) : icon("file", 20), icon("download", 20)),
    h("span", { class: "document-words" }, h("span", { class: "file-name" }, name),
      h("span", { class: "file-size" }, fileSize(media.file_size ?? file?.size) || t("file"))));
}

const place = ({ latitude, longitude }) =>
  h("div", { class: "place" }, h("span", { class: "map", "aria-hidden": "true" }, icon("location", 30)),
    h("span", { class: "file-size" }, `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`));

const contact = (who) =>
  h("div", { class: "document" }, h("span", { class: "round" }, icon("contact", 22)),
    h("span", { class: "document-words" },
      h("span", { class: "file-name" }, [who.first_name, who.last_name].filter(Boolean).join(" ")),
      h("span", { class: "file-size" }, who.phone_number)));
