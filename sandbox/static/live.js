import * as api from "./api.js";
import { emit, on, state } from "./state.js";

const EVENTS = ["message", "edited", "deleted", "typing", "callback_answer", "commands", "menu_button", "draft"];
const LONGEST_PAUSE_MS = 8000;
const LOG_EVERY_MS = 2000;
const REFRESH_AFTER_MS = 120;
const LOOK_BACK = 200;

let source = null;
let lastEventId = 0;
let retry = 0;
let pause = 500;
/** Events that came while the chat was being fetched: the snapshot may be older than they are. */
let held = null;

/** Follow one person's chat: on every (re)connection the chat is fetched anew, so nothing is missed or doubled. */
export function follow(personId) {
  stop();
  lastEventId = 0;
  source = new EventSource(api.eventsUrl(personId));
  source.addEventListener("open", () => {
    pause = 500;
    setOnline(true);
    refetch(personId);
  });
  source.addEventListener("error", () => {
    setOnline(false);
    if (source?.readyState === EventSource.CLOSED) retryLater(personId);
  });
  for (const name of EVENTS) {
    source.addEventListener(name, (event) => {
      lastEventId = Number(event.lastEventId);
      receive(name, JSON.parse(event.data));
    });
  }
}

export function stop() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function retryLater(personId) {
  if (personId !== state.personId) return;
  clearTimeout(retry);
  retry = setTimeout(async () => {
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    const isKnown = await isStillThere(personId);
    if (isKnown && personId === state.personId) follow(personId);
  }, pause);
}

// after a restart the sandbox may not know this person any more; app.js then chooses another
async function isStillThere(personId) {
  try {
    state.people = await api.people();
  } catch {
    retryLater(personId);
    return false;
  }
  emit("people");
  const isKnown = state.people.some((one) => one.id === personId);
  if (!isKnown && personId === state.personId) emit("lost");
  return isKnown;
}

function setOnline(isOnline) {
  if (state.online === isOnline) return;
  state.online = isOnline;
  emit("connection");
}

function receive(name, data) {
  if (held) held.push([name, data]);
  else apply(name, data);
}

function apply(name, data) {
  if (name === "commands") state.commands = data.commands;
  if (name === "menu_button") state.menuButton = data.menu_button;
  emit(name, data);
  if (name === "message" && data.from?.is_bot && !data.reply_markup) refreshSoon();
}

async function refetch(personId) {
  held = [];
  const seen = lastEventId;
  try {
    const chat = await api.chat(personId);
    if (personId !== state.personId) return;
    // a sandbox that started anew counts events from one: a stream that asks for later ones would stay silent
    if (chat.event < seen) return retryLater(personId);
    state.messages = new Map(chat.messages.map((message) => [message.message_id, message]));
    state.commands = chat.commands;
    state.replyKeyboard = chat.reply_keyboard;
    state.menuButton = chat.menu_button;
    state.loaded = true;
    emit("chat", chat);
    emit("commands");
    emit("menu_button");
    emit("reply_keyboard");
    if (chat.typing) emit("typing", chat.typing);
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    setOnline(false);
    retryLater(personId);
  } finally {
    const events = held ?? [];
    held = null;
    if (personId === state.personId) for (const [name, data] of events) apply(name, data);
  }
}

let refreshing = 0;

// a reply keyboard is no part of the message that brought it, so the screen is asked for it
function refreshSoon() {
  clearTimeout(refreshing);
  refreshing = setTimeout(async () => {
    const id = state.personId;
    const chat = await api.chat(id, 1).catch(() => null);
    if (!chat || id !== state.personId) return;
    state.commands = chat.commands;
    state.replyKeyboard = chat.reply_keyboard;
    emit("commands");
    emit("reply_keyboard");
  }, REFRESH_AFTER_MS);
}

on("screen_changed", refreshSoon);

/** Read the bot's calls as they are made; each is told as `bot_call` when it begins and again when it is answered. */
export function followLog() {
  const open = new Set();
  let last = 0;
  let isFirst = true;
  const ask = async () => {
    if (document.hidden) return;
    try {
      const from = Math.max(0, last - LOOK_BACK, Math.min(last - 1, ...[...open].map((n) => n - 1)));
      const calls = await api.log(from);
      // the call last seen is asked for again: without it, this is a sandbox that started anew
      if (last > 0 && !calls.some((call) => call.n === last)) {
        open.clear();
        last = 0;
        emit("restarted");
        return;
      }
      for (const call of calls) {
        if (call.n <= last && !open.has(call.n)) continue;
        emit("bot_call", { ...call, isOld: isFirst });
        if (call.ok === null) open.add(call.n);
        else open.delete(call.n);
        last = Math.max(last, call.n);
      }
      for (const n of open) if (n <= last - LOOK_BACK) open.delete(n);
      isFirst = false;
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
    }
  };
  ask();
  setInterval(ask, LOG_EVERY_MS);
}
