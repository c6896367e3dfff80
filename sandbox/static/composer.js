import * as api from "./api.js";
import { openAttachMenu } from "./attach.js";
import { bindCommands, close as closeCommands, commandKey, commandList, toggleCommands } from "./commands.js";
import { openDrawing } from "./draw.js";
import { $, fill, h, icon, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { toggleBlock } from "./people.js";
import { keyboardArea, keyboardToggle, placeholderOfKeyboard } from "./replykeyboard.js";
import { emit, isOwn, on, person, sortedMessages, state } from "./state.js";
import { attempt, toastError } from "./toast.js";

const MAX_HEIGHT_PX = 190;

const input = h("textarea", { class: "input", rows: 1, autocomplete: "off", "aria-controls": "command-list",
  "aria-expanded": "false", "aria-autocomplete": "list", role: "combobox", dataset: { testid: "input" } });
const context = h("div", { class: "context", hidden: true, dataset: { testid: "composer-context" } });
const bar = h("div", { class: "bar" });

/** What the words in the input are for: {kind: "edit" | "reply", message}, or null for a plain message. */
let aim = null;
const unsent = new Map();

export function mountComposer() {
  $("composer").append(commandList, context, bar, keyboardArea);
  bindCommands(input);
  input.addEventListener("input", grow);
  input.addEventListener("keydown", onKey);
  for (const name of ["person", "people", "language", "chat", "reply_keyboard", "message", "keyboard_shown", "menu_button"]) on(name, draw);
  on("reply", (message) => setAim("reply", message));
  on("edit", (message) => setAim("edit", message));
  on("say", say);
  on("insert", (text) => {
    setText(text);
    input.focus();
  });
  on("leaving_person", (id) => unsent.set(id, aim?.kind === "edit" ? "" : input.value));
  on("person", ({ id }) => {
    setAim(null);
    setText(unsent.get(id) ?? "");
    if (matchMedia("(pointer: fine)").matches) input.focus();
  });
}

let drawn = "";

// the bar is rebuilt only when its kind changes: rebuilding would take the focus from the input
function draw() {
  const me = person();
  if (!me || !state.bot) return;
  const isEmpty = state.loaded && sortedMessages().length === 0;
  const mode = me.blocked ? "blocked" : isEmpty ? "start" : "write";
  const key = [mode, document.documentElement.lang, Boolean(state.replyKeyboard?.keyboard),
    JSON.stringify(state.menuButton)].join();
  input.placeholder = placeholderOfKeyboard() ?? t("placeholder");
  input.setAttribute("aria-label", t("placeholder"));
  $("composer").dataset.mode = mode;
  if (key === drawn) return;
  drawn = key;
  const hadFocus = document.activeElement === input;
  if (mode === "blocked") fill(bar, bigButton(t("restart"), "unblock", () => toggleBlock(person())));
  else if (mode === "start") fill(bar, bigButton(t("start"), "start", () => say("/start")));
  else fill(bar, writingBar());
  if (hadFocus) input.focus();
}

const bigButton = (label, testid, onclick) =>
  h("button", { type: "button", class: "big-button", dataset: { testid }, onclick }, label);

function menuButton() {
  const { type, text } = state.menuButton ?? {};
  if (type === "web_app") {
    return h("button", { type: "button", class: "menu-button app-button", title: text, dataset: { testid: "menu-app" },
      onclick: () => emit("open_app", { way: "menu", url: state.menuButton.web_app.url }) }, h("span", {}, text));
  }
  return h("button", { type: "button", class: "menu-button", "aria-label": t("commands"), dataset: { testid: "menu" },
    onclick: toggleCommands }, icon("menu", 20), h("span", {}, t("menu")));
}

function writingBar() {
  return [
    menuButton(),
    h("div", { class: "field" }, input,
      keyboardToggle(),
      iconButton("draw", t("draw"), { class: "icon-button wide-only", dataset: { testid: "draw" }, onclick: openDrawing }),
      iconButton("clip", t("attach"), { dataset: { testid: "attach" }, "aria-haspopup": "menu",
        onclick: (event) => openAttachMenu(event.currentTarget) })),
    h("button", { type: "button", class: "send", "aria-label": t("send"), title: t("send"), dataset: { testid: "send" },
      onclick: submit }, icon("send", 24)),
  ];
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${Math.min(MAX_HEIGHT_PX, input.scrollHeight)}px`;
  input.classList.toggle("tall", input.scrollHeight > MAX_HEIGHT_PX);
  $("composer").classList.toggle("has-text", input.value.trim() !== "");
}

function setText(text) {
  input.value = text;
  grow();
}

function setAim(kind, message) {
  const wasEdit = aim?.kind === "edit";
  aim = kind ? { kind, message } : null;
  context.hidden = !aim;
  if (wasEdit && kind !== "edit") setText("");
  if (!aim) return;
  const words = message.text ?? message.caption ?? t("photo");
  const title = kind === "edit" ? t("editing") : `${t("replyingTo")} ${message.from?.first_name ?? t("bot")}`;
  fill(context, icon(kind, 22), h("div", {}, h("b", {}, title), h("span", {}, words.slice(0, 200))),
    iconButton("close", t("cancel"), { onclick: () => setAim(null), dataset: { testid: "cancel-context" } }));
  if (kind === "edit") setText(message.text);
  input.focus();
}

function onKey(event) {
  if (event.isComposing || commandKey(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && aim) {
    event.preventDefault();
    setAim(null);
  } else if (event.key === "ArrowUp" && input.value === "") {
    const last = sortedMessages().findLast((message) => isOwn(message) && message.text);
    if (!last) return;
    event.preventDefault();
    setAim("edit", last);
  }
}

async function submit() {
  const text = input.value.trim();
  if (!text) return input.focus();
  closeCommands();
  const to = aim;
  setText("");
  aim = null;
  context.hidden = true;
  input.focus();
  const done = to?.kind === "edit" ? await edit(to.message, text) : await say(text, to?.message.message_id);
  if (!done && input.value === "") {
    if (to) setAim(to.kind, to.message);
    setText(text);
  }
}

async function edit(message, text) {
  if (text === message.text) return true;
  const changed = await attempt(api.edit(state.personId, message.message_id, text));
  if (changed) show("edited", changed);
  return Boolean(changed);
}

/** Say something as the selected person; false when the sandbox refused (and a toast told it). */
export async function say(text, replyTo) {
  const id = state.personId;
  try {
    const message = await api.sendText(id, text, replyTo);
    if (id === state.personId) show("message", message);
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

// the stream brings it too, perhaps already with a later edit, which must stay
function show(name, message) {
  const known = state.messages.get(message.message_id);
  if (!known || (known.sandbox?.event ?? 0) < (message.sandbox?.event ?? 0)) emit(name, message);
}
