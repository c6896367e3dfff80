import { emit, remembered } from "./state.js";

const DARK = matchMedia("(prefers-color-scheme: dark)");

export const CHOICES = ["system", "light", "dark"];

export const chosenTheme = () => (CHOICES.includes(remembered.get("theme")) ? remembered.get("theme") : "system");

/** `light` or `dark`: what is seen. */
export const currentTheme = () => (chosenTheme() === "system" ? (DARK.matches ? "dark" : "light") : chosenTheme());

export function setTheme(choice) {
  remembered.set("theme", choice);
  apply();
}

function apply() {
  document.documentElement.dataset.theme = currentTheme();
  emit("theme", currentTheme());
}

export function mountTheme() {
  DARK.addEventListener("change", apply);
  apply();
}
