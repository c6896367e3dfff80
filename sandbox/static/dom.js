/** Build an element: `class`, `dataset`, `on…` listeners and attributes; strings become text nodes, never markup. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "dataset") Object.assign(node.dataset, value);
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else if (name === "style") Object.assign(node.style, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    node.append(child);
  }
}

export function fill(node, ...children) {
  node.replaceChildren();
  append(node, children);
  return node;
}

const PATHS = {
  add: "M12 5v14M5 12h14",
  back: "M15 5l-7 7 7 7",
  check: "M5 12.500l4.5 4.500L19 7.5",
  checks: "M2 12.500l4.5 4.500L15.5 8M11.5 16l1 1L22 8",
  chevron: "M6 9l6 6 6-6",
  clip: "M20 11.500l-8.2 8.200a5.2 5.2 0 0 1-7.4-7.400l8.6-8.600a3.5 3.5 0 0 1 5 5l-8.6 8.500a1.7 1.7 0 0 1-2.5-2.400l7.6-7.6",
  clock: "M12 7v5l3.5 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  close: "M6 6l12 12M18 6L6 18",
  contact: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c1-4 4-5.5 7.5-5.500s6.5 1.5 7.5 5.5",
  copy: "M9 9h10v11H9zM5 15V4h10",
  crown: "M4 8l4 4 4-7 4 7 4-4-1.5 10h-13z",
  dice: "M6 4h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM8.5 8.500h.01M15.5 8.500h.01M12 12h.01M8.5 15.500h.01M15.5 15.500h.01",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  draw: "M4 20l1-4.500L16.5 4a2.1 2.1 0 0 1 3 3L8 18.500zM14.5 6l3.5 3.5",
  edit: "M4 20l1-4.500L16.5 4a2.1 2.1 0 0 1 3 3L8 18.500z",
  external: "M9 6H6v12h12v-3M13 5h6v6M19 5l-8 8",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18",
  hide: "M12 10v8M8 14l4 4 4-4M5 6h14",
  keyboard: "M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM7 10h.01M11 10h.01M15 10h.01M18 10h.01M8 14h8",
  location: "M12 21c5-5 7-8 7-11a7 7 0 0 0-14 0c0 3 2 6 7 11zM12 12.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  mail: "M4 6h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM3.5 7.500l8.5 6 8.5-6",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M12 6h.01M12 12h.01M12 18h.01",
  play: "M8 5l11 7-11 7z",
  photo: "M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM4 16l5-5 4 4 3-2.5 4 3.500M15.5 9h.01",
  reply: "M10 7L5 12l5 5M5 12h8c4 0 6 2 6 6",
  send: "M4 12l16-8-5 16-3.5-6.500z",
  sliders: "M5 8h8M17 8h2M5 16h2M11 16h8M15 6v4M9 14v4",
  sticker: "M4 12a8 8 0 0 1 16 0c0 1-1 2-3 2-2 0-3 1-3 3s-1 3-2 3a8 8 0 0 1-8-8zM9 10h.01M14 10h.01M9 14c1 1.2 2 1.5 3.5 1.3",
  stop: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12",
  theme: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7a5 5 0 0 1 0 10zM14 8v8",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  undo: "M9 6L4 11l5 5M4 11h9a6 6 0 0 1 6 6v1",
  voice: "M12 4a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V7a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4",
};

const SVG = "http://www.w3.org/2000/svg";

export function icon(name, size = 22) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", width: size, height: size, "aria-hidden": "true" })) {
    svg.setAttribute(key, value);
  }
  svg.classList.add("icon", `icon-${name}`);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button that shows only an icon; the label is what a screen reader and a tooltip say. */
export function iconButton(name, label, props = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, ...props }, icon(name));
}

export const $ = (id) => document.getElementById(id);
