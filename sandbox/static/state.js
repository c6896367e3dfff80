/** What the page knows, and how its modules hear of changes. */
export const state = {
  bot: null,
  people: [],
  personId: null,
  messages: new Map(),
  commands: [],
  replyKeyboard: null,
  menuButton: null,
  mainUrl: null,
  unread: new Map(),
  online: false,
  loaded: false,
  ahead: 0,
};

const bus = new EventTarget();

export const on = (name, listener) => bus.addEventListener(name, (event) => listener(event.detail));
export const emit = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));

/** The sandbox's time in seconds; `ahead` is how far it was moved. */
export const now = () => Date.now() / 1000 + state.ahead;

export const person = () => state.people.find((one) => one.id === state.personId) ?? null;
export const isOwn = (message) => !message.from?.is_bot;
export const sortedMessages = () =>
  [...state.messages.values()].filter((m) => !m.sandbox?.deleted).sort((a, b) => a.message_id - b.message_id);

/** Small choices of this browser, such as whether the panel is open. */
export const remembered = {
  get(key) {
    try {
      return localStorage.getItem(`sandbox.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`sandbox.${key}`, value);
    } catch {
      // private windows may refuse storage; the page works without it
    }
  },
};
