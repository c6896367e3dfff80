import * as api from "../api.js";
import { $, fill, h, icon } from "../dom.js";
import { clockTime, dayName, setLanguage, t } from "../i18n.js";
import { now, state } from "../state.js";
import { mountTheme } from "../theme.js";
import "./words.js";

const EVERY_MS = 1500;
const LINK = /https?:\/\/[^\s<>"]+/g;
const PARTS = ["html", "text", "headers"];

let letters = [];
let part = null;

const chosen = () => letters.find(({ n }) => n === Number(location.hash.slice(1))) ?? null;
const partsOf = (letter) => PARTS.filter((one) => letter[one] !== null);

function drawHeader() {
  fill($("mail-header"),
    h("a", { class: "icon-button", href: backHref(), "aria-label": t("mailBack"), title: t("mailBack"), dataset: { testid: "mail-back" } }, icon("back")),
    h("div", { class: "bot-words" }, h("h1", {}, t("mail")), h("p", { class: "status" }, t("mailOf", { bot: state.bot.first_name }))));
}

// on a phone, from a letter back to the list; else to the chat
function backHref() {
  return chosen() ? `${location.pathname}${location.search}#` : `/${location.search}`;
}

const when = (letter) => {
  const day = dayName(letter.at, now());
  return day === t("today") ? clockTime(letter.at) : `${day}, ${clockTime(letter.at)}`;
};

function drawList() {
  const open = chosen();
  fill($("letters"),
    letters.length === 0 && h("p", { class: "mail-empty" }, t("mailEmpty")),
    letters.map((letter) => h("a", { class: "letter-row", href: `#${letter.n}`, "aria-current": letter === open ? "true" : null,
      dataset: { testid: "letter", letter: letter.n } },
    h("b", {}, letter.subject || t("mailNoSubject")),
    h("span", {}, letter.to.join(", ")),
    h("time", { datetime: new Date(letter.at * 1000).toISOString() }, when(letter)))));
}

function drawLetter() {
  const letter = chosen();
  $("mail").classList.toggle("reading", Boolean(letter));
  document.title = letter?.subject || t("mail");
  if (!letter) return fill($("letter"), h("p", { class: "mail-empty" }, letters.length > 0 && t("mailChoose")));
  const shown = partsOf(letter).includes(part) ? part : partsOf(letter)[0];
  return fill($("letter"),
    h("h2", { dataset: { testid: "letter-subject" } }, letter.subject || t("mailNoSubject")),
    h("p", { class: "muted" }, `${letter.headers.find(([name]) => name.toLowerCase() === "from")?.[1] ?? letter.from} → ${letter.to.join(", ")} · ${when(letter)}`),
    h("div", { class: "fault-buttons", role: "tablist" }, partsOf(letter).map((one) =>
      h("button", { type: "button", role: "tab", class: "chip", "aria-selected": String(one === shown), "aria-pressed": String(one === shown),
        dataset: { testid: `letter-${one}` }, onclick: () => show(one) }, t(`mail_${one}`)))),
    BODIES[shown](letter));
}

function show(one) {
  part = one;
  drawLetter();
}

const BODIES = {
  html: (letter) => h("iframe", { class: "letter-frame", title: t("mail_html"), sandbox: "allow-popups allow-popups-to-escape-sandbox",
    src: api.letterHtmlUrl(letter.n), dataset: { testid: "letter-frame" } }),
  text: (letter) => h("pre", { class: "letter-text", dataset: { testid: "letter-body" } }, withLinks(letter.text)),
  headers: (letter) => h("dl", { class: "letter-headers", dataset: { testid: "letter-body" } },
    [["MAIL FROM", letter.from], ["RCPT TO", letter.to.join(", ")], ["AUTH", letter.login ?? "—"], ...letter.headers].map(([name, value]) =>
      [h("dt", {}, name), h("dd", {}, value)])),
};

function withLinks(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: url, index } of text.matchAll(LINK)) {
    nodes.push(text.slice(end, index), h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url));
    end = index + url.length;
  }
  return [...nodes, text.slice(end)];
}

async function refresh() {
  if (document.hidden) return;
  const fresh = await api.letters().catch(() => null);
  const key = (all) => all.map(({ n }) => n).join();
  if (!fresh || (key(fresh) === key(letters) && $("letters").childElementCount)) return;
  const before = chosen();
  letters = fresh;
  drawList();
  if (!before || !chosen()) drawLetter();
}

function redraw() {
  drawHeader();
  drawList();
  drawLetter();
}

async function begin() {
  setLanguage(navigator.language);
  mountTheme();
  const wanted = new URLSearchParams(location.search).get("bot");
  const worlds = await api.worlds();
  state.bot = worlds.find((world) => String(world.bot_id) === wanted) ?? worlds.find((world) => world.default) ?? worlds[0];
  addEventListener("hashchange", redraw);
  await refresh();
  redraw();
  setInterval(refresh, EVERY_MS);
}

begin();
