import * as api from "./api.js";
import { avatar } from "./avatar.js";
import { $, fill, h, icon, iconButton } from "./dom.js";
import { currentLanguage, LANGUAGES, setLanguage, t } from "./i18n.js";
import { openMenu } from "./popup.js";
import { emit, on, person, remembered, state } from "./state.js";
import { attempt, dialog, toastError } from "./toast.js";

const READ_AFTER_MS = 400;

export function mountPeople({ closeDrawer }) {
  const redraw = () => draw(closeDrawer);
  for (const name of ["people", "person", "language", "unread", "main_url"]) on(name, redraw);
  on("chat", noteRead);
  on("message", (message) => message.from?.is_bot && noteRead());
  on("leaving_person", finishReading);
  on("bot_call", noteUnread);
}

export async function loadPeople() {
  state.people = await api.people();
  emit("people");
}

export function selectPerson(id) {
  const who = state.people.find((one) => one.id === id) ?? state.people.find((one) => one.role === "customer") ?? state.people[0];
  if (!who) return;
  emit("leaving_person", state.personId);
  state.personId = who.id;
  state.messages = new Map();
  state.commands = [];
  state.replyKeyboard = null;
  state.loaded = false;
  remembered.set("person", String(who.id));
  const url = new URL(location.href);
  url.searchParams.set("person", String(who.id));
  for (const once of ["start", "startapp", "mode", "invoice"]) url.searchParams.delete(once);
  history.replaceState(null, "", url);
  setLanguage(who.language_code);
  emit("person", who);
}

function draw(closeDrawer) {
  fill(
    $("sidebar"),
    h("div", { class: "brand" },
      h("img", { src: "/sandbox/static/icon.svg", alt: "", width: 34, height: 34 }),
      h("div", {}, h("b", {}, "Kassandra"), h("span", {}, t("tagline"))),
      iconButton("close", t("close"), { class: "icon-button drawer-close", onclick: closeDrawer })),
    h("nav", { class: "people", "aria-label": t("people") }, state.people.map((who) => row(who, closeDrawer))),
    h("button", { type: "button", class: "add-person", dataset: { testid: "add-person" }, onclick: askForPerson },
      icon("add", 20), h("span", {}, t("addPerson"))),
    state.mainUrl && h("a", { class: "add-person", href: state.mainUrl, target: "_blank", dataset: { testid: "web-version" } },
      icon("globe", 20), h("span", {}, t("webVersion"))),
    state.bot && h("a", { class: "add-person", href: `/mail?bot=${state.bot.bot_id}`, dataset: { testid: "mailbox" } },
      icon("mail", 20), h("span", {}, t("mailbox"))),
  );
  const others = [...state.unread.values()].reduce((sum, n) => sum + n, 0);
  document.title = `${others ? `(${others}) ` : ""}${state.bot?.first_name ?? "Kassandra"} · ${person()?.first_name ?? ""}`;
}

function row(who, closeDrawer) {
  const unread = who.id === state.personId ? 0 : state.unread.get(who.id) ?? 0;
  const about = who.blocked ? t("blocked") : `${t(who.role)} · ${who.language_code ?? "—"}`;
  const isCurrent = who.id === state.personId;
  return h("div", { class: `person ${isCurrent ? "current" : ""}` },
    h("button", {
      type: "button",
      class: "person-main",
      "aria-current": isCurrent ? "true" : null,
      dataset: { testid: "person", personId: who.id },
      onclick: () => {
        closeDrawer();
        if (!isCurrent) selectPerson(who.id);
      },
    },
    avatar(who),
    h("span", { class: "person-words" },
      h("b", {}, [who.first_name, who.last_name].filter(Boolean).join(" ")), h("span", {}, about)),
    unread > 0 && h("span", { class: "badge", dataset: { testid: "unread" } }, String(unread))),
    iconButton("more", t("personMenu", { name: who.first_name }), {
      dataset: { testid: "person-menu", personMenu: who.id }, "aria-haspopup": "menu",
      onclick: (event) => personMenu(who, event.currentTarget),
    }));
}

function personMenu(who, anchor) {
  const languages = Object.entries(LANGUAGES).map(([code, label]) => ({
    label,
    checked: (who.language_code ?? "") === code,
    testid: `language-${code}`,
    action: () => change(who.id, api.changePerson(who.id, { language_code: code })),
  }));
  openMenu(anchor, [
    ...languages,
    null,
    { label: t(who.blocked ? "unblock" : "block"), icon: "stop", danger: !who.blocked, testid: "toggle-block",
      action: () => toggleBlock(who) },
  ], t("personMenu", { name: who.first_name }));
}

export const toggleBlock = (who) => change(who.id, api.setBlocked(who.id, !who.blocked));

async function change(id, call) {
  const updated = await attempt(call);
  if (!updated) return;
  state.people = state.people.map((one) => (one.id === id ? updated : one));
  if (id === state.personId) setLanguage(updated.language_code);
  emit("people");
  emit("screen_changed");
}

function askForPerson() {
  const name = h("input", { name: "name", required: true, maxlength: 64, autocomplete: "off", dataset: { testid: "new-person-name" } });
  const language = h("select", { dataset: { testid: "new-person-language" } },
    Object.entries(LANGUAGES).map(([code, label]) => h("option", { value: code, selected: code === currentLanguage() }, label)));
  const form = h("form", { class: "form" },
    h("p", { class: "dialog-text muted" }, t("addPersonHint")),
    h("label", {}, t("name"), name),
    h("label", {}, t("language"), language),
    h("div", { class: "dialog-actions" },
      h("button", { type: "button", class: "button", onclick: () => node.close() }, t("cancel")),
      h("button", { type: "submit", class: "button primary", dataset: { testid: "new-person-add" } }, t("add"))));
  const node = dialog({ title: t("addPerson"), testid: "add-person-dialog" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const who = await api.addPerson({ first_name: name.value.trim(), language_code: language.value, role: "customer" });
      node.close();
      state.people = [...state.people, who];
      emit("people");
      selectPerson(who.id);
    } catch (error) {
      toastError(error);
    }
  });
  name.focus();
}

/** What waits for the people who are not selected, asked once when the page opens. */
export async function loadUnread() {
  await Promise.all(state.people.map(({ id }) => askUnread(id)));
}

let reading = 0;
let readingOf = null;

// several messages in a row are marked as read at once
function noteRead() {
  if (document.hidden) return;
  if (state.unread.delete(state.personId)) emit("unread");
  clearTimeout(reading);
  readingOf = state.personId;
  reading = setTimeout(finishReading, READ_AFTER_MS);
}

function finishReading() {
  clearTimeout(reading);
  if (readingOf !== null) api.read(readingOf).catch(() => {});
  readingOf = null;
}

const asked = new Set();

// one stream per tab (browsers allow six connections to a host): that others got something is seen in the log of calls
function noteUnread({ method, ok, params, isOld }) {
  const id = Number(params?.chat_id);
  const brings = /^(send(?!ChatAction|MessageDraft)|copyMessage|forwardMessage)/i.test(method);
  if (!ok || isOld || !brings || id === state.personId || asked.has(id)) return;
  if (!state.people.some((one) => one.id === id)) return;
  asked.add(id);
  setTimeout(() => askUnread(id), READ_AFTER_MS);
}

async function askUnread(id) {
  asked.delete(id);
  const chat = await api.chat(id, 1).catch(() => null);
  if (!chat || id === state.personId) return;
  state.unread.set(id, chat.unread);
  emit("unread");
}
