import { h, icon } from "./dom.js";

let closeOpen = () => {};

/**
 * A menu beside `anchor` (an element, or a point {x, y}). Items: {label, icon, action, checked?, danger?, testid?},
 * or null for a line. Arrow keys move, Escape closes and gives the focus back. `parent`: the modal dialog that it is over.
 */
export function openMenu(anchor, items, label, parent = document.body) {
  closeOpen();
  const before = document.activeElement;
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, dataset: { testid: "popup-menu" } });
  const close = (giveBack = true) => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    anchor.setAttribute?.("aria-expanded", "false");
    closeOpen = () => {};
    if (giveBack) before?.focus?.();
  };
  const outside = (event) => {
    if (!menu.contains(event.target)) close(false);
  };
  menu.append(...items.map((item) => (item ? menuItem(item, close) : h("hr", {}))));
  menu.addEventListener("keydown", (event) => moveFocus(event, menu, close));
  parent.append(menu);
  place(menu, anchor);
  document.addEventListener("pointerdown", outside, true);
  anchor.setAttribute?.("aria-expanded", "true");
  menu.querySelector("button").focus();
  closeOpen = () => close(false);
}

function menuItem(item, close) {
  const role = item.checked === undefined ? "menuitem" : "menuitemradio";
  return h(
    "button",
    {
      type: "button",
      role,
      class: item.danger ? "danger" : "",
      "aria-checked": item.checked === undefined ? null : String(item.checked),
      dataset: item.testid ? { testid: item.testid } : {},
      onclick: () => {
        close();
        item.action();
      },
    },
    item.icon && icon(item.icon, 20),
    h("span", {}, item.label),
    item.checked && icon("check", 18),
  );
}

function moveFocus(event, menu, close) {
  const buttons = [...menu.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    event.preventDefault();
    buttons[(at + step + buttons.length) % buttons.length].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close();
  }
}

function place(menu, anchor) {
  const box = anchor.getBoundingClientRect?.() ?? { left: anchor.x, right: anchor.x, top: anchor.y, bottom: anchor.y };
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = box.left + width > innerWidth - 8 ? box.right - width : box.left;
  const below = box.bottom + height + 6 < innerHeight;
  menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
  menu.style.top = `${Math.max(8, below ? box.bottom + 4 : box.top - height - 4)}px`;
  menu.classList.toggle("above", !below);
}
