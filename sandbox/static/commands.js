import { h } from "./dom.js";
import { t } from "./i18n.js";
import { emit, on, state } from "./state.js";

/** The list of the bot's commands above the input: by the Menu button, or while a "/" word is being typed. */
export const commandList = h("div", { class: "command-list", id: "command-list", role: "listbox", hidden: true,
  dataset: { testid: "command-list" } });

let options = [];
let active = -1;
let input = null;

export function bindCommands(textarea) {
  input = textarea;
  input.addEventListener("input", suggest);
  document.addEventListener("pointerdown", (event) => {
    if (!commandList.contains(event.target) && !event.target.closest("[data-testid=menu]")) close();
  });
  on("person", close);
  on("commands", () => !commandList.hidden && suggest());
}

export function toggleCommands() {
  if (!commandList.hidden) return close();
  show(state.commands, 0);
  input.focus();
}

function suggest() {
  const typed = /^\/(\w*)$/.exec(input.value)?.[1];
  if (typed === undefined) return close();
  show(state.commands.filter((one) => one.command.startsWith(typed.toLowerCase())), typed ? 0 : -1);
}

function show(found, first) {
  if (!found.length) return close();
  options = found;
  commandList.setAttribute("aria-label", t("commands"));
  commandList.replaceChildren(...found.map((one, at) => h("button", {
    type: "button", role: "option", tabindex: "-1", id: `command-${at}`, dataset: { testid: "command", command: one.command },
    onclick: () => choose(at),
  }, h("b", {}, `/${one.command}`), h("span", {}, one.description))));
  commandList.hidden = false;
  input.setAttribute("aria-expanded", "true");
  setActive(first);
}

export function close() {
  commandList.hidden = true;
  active = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function setActive(at) {
  active = at;
  [...commandList.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === at)));
  const node = commandList.children[at];
  if (!node) return input.removeAttribute("aria-activedescendant");
  input.setAttribute("aria-activedescendant", node.id);
  node.scrollIntoView({ block: "nearest" });
}

function choose(at) {
  const { command } = options[at];
  close();
  emit("say", `/${command}`);
  if (/^\/\w*$/.test(input.value)) setInput("");
}

function setInput(text) {
  input.value = text;
  input.dispatchEvent(new Event("input"));
}

/** What a key does while the list is open; true when it was the list's. */
export function commandKey(event) {
  if (commandList.hidden) return false;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) setActive((active + step + options.length) % options.length);
  else if (event.key === "Escape") close();
  else if (event.key === "Enter" && active >= 0) choose(active);
  else if (event.key === "Tab" && active >= 0) complete();
  else return false;
  event.preventDefault();
  return true;
}

function complete() {
  setInput(`/${options[active].command} `);
}
