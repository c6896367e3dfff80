import { avatar } from "./avatar.js";
import { $, fill, h, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { on, person, state } from "./state.js";

const TYPING_LIFE_MS = 5500;

let action = null;
let timer = 0;

function draw({ openDrawer, togglePanel }) {
  if (!state.bot) return;
  const me = person();
  const others = [...state.unread].reduce((sum, [id, n]) => (id === state.personId ? sum : sum + n), 0);
  fill(
    $("chat-header"),
    h("button", { type: "button", class: "me", "aria-label": t("switchPerson"), title: t("switchPerson"),
      dataset: { testid: "open-people" }, onclick: openDrawer },
      me && avatar(me, 36), others > 0 && h("span", { class: "badge" }, String(others))),
    h("img", { class: "bot-avatar", src: "/sandbox/static/icon.svg", alt: "", width: 42, height: 42 }),
    h("div", { class: "bot-words" },
      h("h1", {}, state.bot.first_name),
      h("p", { class: action && state.online ? "status active" : "status", "aria-live": "polite",
        dataset: { testid: "chat-status" } }, status())),
    iconButton("sliders", t("openPanel"), { dataset: { testid: "open-panel" }, onclick: togglePanel,
      "aria-expanded": String(!$("panel").hidden), "aria-controls": "panel" }),
  );
}

function status() {
  if (!state.online) return t("connecting");
  if (!action) return t("bot");
  return [t(action), h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"))];
}

const KNOWN = new Set(["typing", "upload_photo", "upload_document", "upload_video", "record_voice", "choose_sticker",
  "find_location"]);
const ALIASES = { record_video: "upload_video", upload_voice: "record_voice", upload_video_note: "upload_video",
  record_video_note: "upload_video" };

function setAction(name) {
  const next = name ? ALIASES[name] ?? name : null;
  clearTimeout(timer);
  action = next && !KNOWN.has(next) ? "typing" : next;
  if (action) timer = setTimeout(() => setAction(null), TYPING_LIFE_MS);
  redraw();
}

let redraw = () => {};

export function mountHeader(handlers) {
  redraw = () => draw(handlers);
  for (const name of ["people", "language", "connection", "unread", "panel"]) on(name, redraw);
  on("person", () => setAction(null));
  on("typing", (data) => setAction(typeof data === "string" ? data : data?.action));
  on("message", (message) => message.from?.is_bot && setAction(null));
  redraw();
}
