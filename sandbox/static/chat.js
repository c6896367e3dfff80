import { stopDraft } from "./api.js";
import { $, fill, h, icon } from "./dom.js";
import { dayName, t } from "./i18n.js";
import { draftNode, messageNode } from "./message.js";
import { openMenu } from "./popup.js";
import { emit, isOwn, now, on, person, sortedMessages, state } from "./state.js";
import { attempt, copyText } from "./toast.js";

const NEAR_BOTTOM_PX = 80;
const PAGE = 150;
const DRAFT_LIFE_MS = 30_000;

const flow = h("div", { class: "flow" });
const list = h("div", { class: "messages", role: "log", tabindex: "0", dataset: { testid: "message-list" } }, flow);
const counter = h("span", { class: "badge", hidden: true });
const down = h("button", { type: "button", class: "scroll-down", hidden: true, dataset: { testid: "scroll-down" },
  onclick: () => toBottom(true) }, icon("chevron", 24), counter);

/** key → {source, node} of everything in the flow, in no order. */
let shown = new Map();
let drafts = new Map();
let limit = PAGE;
let isFirstDraw = true;
let isStuck = true;
let missed = 0;

const actions = {
  command: (text) => emit("say", text),
  get username() {
    return state.bot?.username;
  },
  menu: messageMenu,
  stop: (draftId) => attempt(stopDraft(person().id, draftId)),
  goTo,
};

export function mountChat() {
  $("message-area").append(list, down);
  let lastTop = 0;
  list.addEventListener("scroll", () => {
    // the list also moves away from its end when it gets lower; only a scroll upwards is a wish to leave
    if (distance() < NEAR_BOTTOM_PX) isStuck = true;
    else if (list.scrollTop < lastTop) isStuck = false;
    lastTop = list.scrollTop;
    if (isStuck) missed = 0;
    drawDown();
  }, { passive: true });
  const keep = new ResizeObserver(() => isStuck && toBottom(false));
  keep.observe(flow);
  keep.observe(list);
  list.addEventListener("keydown", moveBetweenMessages);
}

const distance = () => list.scrollHeight - list.scrollTop - list.clientHeight;

function toBottom(smooth) {
  missed = 0;
  list.scrollTo({ top: list.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  drawDown();
}

function drawDown() {
  down.hidden = distance() < NEAR_BOTTOM_PX;
  down.setAttribute("aria-label", t("newMessages"));
  counter.hidden = missed === 0;
  counter.textContent = String(missed);
}

function wanted() {
  const all = sortedMessages();
  const items = [];
  if (all.length > limit) items.push(["earlier", "earlier", earlierButton]);
  let day = "";
  for (const message of all.slice(-limit)) {
    const name = dayName(message.date, now());
    if (name !== day) items.push([`day:${name}`, name, () => h("div", { class: "day", dataset: { testid: "day" } }, h("span", {}, name))]);
    day = name;
    items.push([`message:${message.message_id}`, message, () => messageNode(message, actions)]);
  }
  if (!all.length && state.loaded && person()) items.push(["empty", state.personId, emptyCard]);
  for (const [id, draft] of drafts) items.push([`draft:${id}`, draft.data, () => draftNode(draft.data, actions)]);
  return items;
}

function draw() {
  const before = shown;
  shown = new Map();
  let cursor = flow.firstChild;
  for (const [key, source, build] of wanted()) {
    const old = before.get(key);
    const isSame = old && (old.source === source || JSON.stringify(old.source) === JSON.stringify(source));
    const node = isSame ? old.node : build();
    if (!old && !isFirstDraw) node.classList.add("fresh");
    if (old && !isSame) replace(old.node, node);
    if (cursor === old?.node) cursor = isSame ? cursor : node;
    if (node === cursor) cursor = cursor.nextSibling;
    else flow.insertBefore(node, cursor);
    shown.set(key, { source, node });
    before.delete(key);
  }
  for (const { node } of before.values()) node.remove();
  isFirstDraw = !state.loaded;
  if (isStuck) toBottom(false);
  else drawDown();
}

// an edit redraws the message; whoever walks by keyboard keeps the place on its buttons
function replace(old, node) {
  const at = [...old.querySelectorAll("button, a")].indexOf(document.activeElement);
  const hadFocus = old === document.activeElement;
  old.replaceWith(node);
  const buttons = node.querySelectorAll("button, a");
  if (at >= 0) (buttons[Math.min(at, buttons.length - 1)] ?? node).focus({ preventScroll: true });
  else if (hadFocus) node.focus({ preventScroll: true });
}

function earlierButton() {
  return h("button", { type: "button", class: "earlier", onclick: () => {
    const height = list.scrollHeight;
    limit += PAGE;
    isStuck = false;
    draw();
    list.scrollTop += list.scrollHeight - height;
  } }, t("earlier"));
}

function emptyCard() {
  return h("div", { class: "empty" },
    h("img", { src: "/sandbox/static/icon.svg", alt: "", width: 72, height: 72 }),
    h("h2", {}, state.bot.first_name),
    h("p", {}, t("emptyText", { name: person().first_name })));
}

function messageMenu(message, anchor) {
  const words = message.text ?? message.caption;
  const items = [
    { label: t("reply"), icon: "reply", action: () => emit("reply", message), testid: "menu-reply" },
    words && { label: t("copy"), icon: "copy", action: () => copyText(words) },
    isOwn(message) && message.text && { label: t("edit"), icon: "edit", action: () => emit("edit", message), testid: "menu-edit" },
  ].filter(Boolean);
  openMenu(anchor, items, t("messageMenu"));
}

function goTo(messageId) {
  const node = shown.get(`message:${messageId}`)?.node;
  if (!node) return;
  isStuck = false;
  node.scrollIntoView({ block: "center", behavior: "smooth" });
  node.classList.add("flash");
  setTimeout(() => node.classList.remove("flash"), 1400);
}

function moveBetweenMessages(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!step || event.target.closest("button, a, [role=button]")) return;
  const nodes = [...flow.querySelectorAll(".message")];
  const at = nodes.indexOf(document.activeElement);
  const next = nodes[at < 0 ? nodes.length - 1 : at + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function putMessage(message) {
  const isNew = !state.messages.has(message.message_id);
  state.messages.set(message.message_id, message);
  if (isNew && isOwn(message)) isStuck = true;
  else if (isNew && !isStuck) missed += 1;
  if (!isOwn(message)) clearDrafts();
  draw();
}

function clearDrafts() {
  for (const { timer } of drafts.values()) clearTimeout(timer);
  drafts = new Map();
}

function putDraft(data) {
  const id = data.draft_id ?? 0;
  clearTimeout(drafts.get(id)?.timer);
  drafts.delete(id);
  const timer = setTimeout(() => {
    drafts.delete(id);
    draw();
  }, DRAFT_LIFE_MS);
  if (data.gone) clearTimeout(timer);
  else drafts.set(id, { data, timer });
  draw();
}

on("chat", draw);
on("clock", draw);
on("message", putMessage);
on("edited", putMessage);
on("deleted", ({ message_id: id }) => {
  state.messages.delete(id);
  draw();
});
on("draft", putDraft);
on("language", () => {
  shown = new Map();
  list.setAttribute("aria-label", t("messages"));
  if (state.loaded) fill(flow);
  isFirstDraw = true;
  draw();
});
on("person", () => {
  clearDrafts();
  [shown, limit, isFirstDraw, isStuck, missed] = [new Map(), PAGE, true, true, 0];
  fill(flow);
});
