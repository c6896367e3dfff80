import { h, icon } from "./dom.js";

const COLOURS = [["#f2a65a", "#d9622b"], ["#5fb8d9", "#2b7fb0"], ["#8d7be0", "#5a45b8"], ["#e27d9a", "#b83f68"],
  ["#7cc36b", "#3f8f45"], ["#58c2b4", "#1f8a80"], ["#d9a441", "#a6731a"]];

const initials = ({ first_name: first, last_name: last }) =>
  [first, last].filter(Boolean).map((word) => [...word][0].toLocaleUpperCase()).join("") || "?";

export function avatar(who, size = 44) {
  const [top, bottom] = COLOURS[Math.abs(who.id) % COLOURS.length];
  return h("span", { class: `avatar ${who.blocked ? "is-blocked" : ""}`, "aria-hidden": "true", style: {
    width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.42)}px`,
    background: `linear-gradient(180deg, ${top}, ${bottom})`,
  } }, initials(who), who.role === "owner" && h("span", { class: "crown" }, icon("crown", Math.round(size * 0.3))));
}
