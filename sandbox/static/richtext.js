import { h, icon } from "./dom.js";
import { t } from "./i18n.js";
import { followHere } from "./links.js";
import { copyText } from "./toast.js";

const TAGS = new Set(["B", "STRONG", "I", "EM", "U", "INS", "S", "DEL", "STRIKE", "CODE", "PRE", "A", "BLOCKQUOTE", "BR",
  "SPAN", "TG-SPOILER", "TG-EMOJI"]);
const SAFE_LINK = /^(https?|tg|mailto|tel):/i;

/**
 * The server's HTML as nodes of our own: parsed in an inert document and copied tag by tag from the list above, so that
 * a mistake in the server's escaping cannot run a script here. `actions`: {command(text), username}.
 */
export function richText(html, actions) {
  const parsed = new DOMParser().parseFromString(`<body>${html}`, "text/html");
  const root = document.createDocumentFragment();
  copyChildren(parsed.body, root, actions);
  return root;
}

function copyChildren(from, to, actions) {
  for (const child of from.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) to.append(withoutBlockBreaks(child));
    else if (child.nodeType === Node.ELEMENT_NODE) to.append(copyElement(child, actions));
  }
}

const isBlock = (node) => node?.nodeName === "BLOCKQUOTE" || node?.nodeName === "PRE";

// the line break that ends a block, or the line before one, is not an empty line
function withoutBlockBreaks(node) {
  const text = isBlock(node.previousSibling) ? node.data.replace(/^\n/, "") : node.data;
  return isBlock(node.nextSibling) ? text.replace(/\n$/, "") : text;
}

function copyElement(source, actions) {
  if (!TAGS.has(source.tagName)) {
    const plain = h("span");
    copyChildren(source, plain, actions);
    return plain;
  }
  if (source.tagName === "A") return link(source, actions);
  if (source.tagName === "PRE") return codeBlock(source);
  if (source.className === "command") {
    const text = source.textContent;
    return h("button", { type: "button", class: "link", onclick: () => actions.command(text) }, text);
  }
  const isSpoiler = source.tagName === "TG-SPOILER" || /\b(tg-)?spoiler\b/.test(source.className);
  const node = h(isSpoiler || source.tagName.startsWith("TG-") ? "span" : source.tagName);
  copyChildren(source, node, actions);
  if (isSpoiler) return spoiler(node);
  if (/^(mention|hashtag)$/.test(source.className)) node.className = source.className;
  if (source.tagName === "BLOCKQUOTE") return quote(node, source);
  if (source.tagName === "CODE") return code(node);
  return node;
}

function link(source, actions) {
  const href = source.getAttribute("href") ?? "";
  if (!SAFE_LINK.test(href)) return h("span", {}, source.textContent);
  const node = h("a", { href, target: "_blank", rel: "noopener noreferrer" });
  copyChildren(source, node, actions);
  followHere(node, href, actions.username);
  return node;
}

function codeBlock(source) {
  const inner = source.querySelector("code");
  const language = /language-([\w+#-]+)/.exec(`${inner?.className ?? ""} ${source.className}`)?.[1];
  const text = source.textContent;
  const copy = h("button", { type: "button", class: "code-copy", "aria-label": t("copy"), title: t("copy"),
    onclick: () => copyText(text) }, icon("copy", 16));
  return h("div", { class: "code-block" }, h("div", { class: "code-head" }, h("span", {}, language ?? ""), copy),
    h("pre", {}, text));
}

function code(node) {
  node.title = t("copy");
  node.addEventListener("click", () => copyText(node.textContent));
  return node;
}

function asButton(node, action) {
  node.setAttribute("role", "button");
  node.tabIndex = 0;
  node.addEventListener("click", action);
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      action(event);
    }
  });
}

function spoiler(node) {
  node.className = "spoiler";
  node.setAttribute("aria-label", t("spoiler"));
  const reveal = (event) => {
    if (node.classList.contains("shown")) return;
    event.preventDefault();
    event.stopPropagation();
    node.classList.add("shown");
    node.removeAttribute("aria-label");
    node.removeAttribute("role");
  };
  asButton(node, reveal);
  return node;
}

function quote(node, source) {
  const expandable = source.hasAttribute("expandable") || /expandable/.test(source.className);
  if (!expandable) return node;
  node.classList.add("expandable");
  node.setAttribute("aria-expanded", "false");
  node.append(icon("chevron", 16));
  asButton(node, () => {
    const open = node.classList.toggle("open");
    node.setAttribute("aria-expanded", String(open));
  });
  return node;
}
