import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { emit, on, state } from "../state.js";
import { CHOICES, chosenTheme, setTheme } from "../theme.js";
import { attempt } from "../toast.js";
import "./webapp_words.js";

const SPOILINGS = ["old", "future", "forged", "another"];
const VERSIONS = ["9.6", "8.0", "6.9", "6.0"];
const THEMES = { system: "themeSystem", light: "themeLight", dark: "themeDark" };

let body = null;

async function refresh() {
  if (!body || !state.bot || !body.offsetParent || body.contains(document.activeElement)) return;
  const settings = await api.webapp().catch(() => null);
  if (settings) draw(settings);
}

async function change(changes) {
  const settings = await attempt(api.changeWebapp(changes));
  if (!settings) return;
  state.mainUrl = settings.main_url;
  emit("main_url");
  draw(settings);
}

const chip = (id, label, onclick, isPressed) => h("button", { type: "button", class: "chip", "aria-pressed": String(isPressed),
  dataset: { testid: `webapp-${id}` }, onclick }, label);

function address({ main_url: url }) {
  const input = h("input", { type: "url", value: url ?? "", placeholder: "http://localhost:8000/", autocomplete: "off",
    dataset: { testid: "webapp-main-url" }, onchange: () => change({ main_url: input.value.trim() || null }) });
  return h("label", { class: "fault-method" }, t("webappMain"), input);
}

// a frame of the same host has first-party cookies, and an app that only works with these seems well
const isSameHost = ({ main_url: url }) => Boolean(url) && new URL(url).hostname === location.hostname;

function draw(settings) {
  const { spoiling, hours, version } = settings;
  fill(body,
    address(settings),
    isSameHost(settings) && h("p", { class: "hint", dataset: { testid: "webapp-same-host" } }, t("webappSameHost")),
    h("p", { class: "hint" }, t("webappLaunchData")),
    h("div", { class: "fault-buttons" }, SPOILINGS.map((kind) =>
      chip(kind, t(`webapp_${kind}`, { hours }), () => change({ spoiling: spoiling === kind ? null : kind }), spoiling === kind))),
    h("label", { class: "fault-method" }, t("webappHours"),
      h("input", { type: "number", min: 1, max: 87600, value: hours, dataset: { testid: "webapp-hours" },
        onchange: (event) => event.target.checkValidity() && change({ hours: Number(event.target.value) }) })),
    h("label", { class: "fault-method" }, t("webappVersion"),
      h("select", { dataset: { testid: "webapp-version" }, onchange: (event) => change({ version: event.target.value }) },
        [...new Set([version, ...VERSIONS])].map((one) => h("option", { value: one, selected: one === version }, one)))),
    h("p", { class: "hint" }, t("webappTheme")),
    h("div", { class: "fault-buttons" }, CHOICES.map((choice) =>
      chip(`theme-${choice}`, t(THEMES[choice]), () => setTheme(choice), choice === chosenTheme()))));
}

on("panel", refresh);
on("person", refresh);
on("theme", () => body?.querySelectorAll("[data-testid^=webapp-theme-]").forEach((node) =>
  node.setAttribute("aria-pressed", String(node.dataset.testid === `webapp-theme-${chosenTheme()}`))));

export const webapp = {
  id: "webapp",
  title: "webappTitle",
  draw(into) {
    body = into;
    setTimeout(refresh);
  },
};
