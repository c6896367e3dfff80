import { fill, h, icon, iconButton } from "../dom.js";
import { t } from "../i18n.js";
import { openMenu } from "../popup.js";
import { state } from "../state.js";
import { currentTheme, setTheme } from "../theme.js";
import { Bridge } from "./bridge.js";
import { actsFor } from "./client.js";
import { popup } from "./popups.js";

const PHONE = matchMedia("(max-width: 759px)");
const RELOADS_WITHIN_MS = 400;
/** As Telegram Web gives them to its frame. */
const MAY = "allow-scripts allow-same-origin allow-popups allow-forms allow-modals allow-storage-access-by-user-activation";
const POSITIONS = { left: "row-reverse", right: "row", top: "column-reverse", bottom: "column" };

/** The window of one Mini App: its header, its frame and the buttons below. */
export class Sheet {
  constructor(opened, { themes, version, onclose }) {
    Object.assign(this, { opened, themes, onclose });
    this.isExpanded = !opened.isCompact || !PHONE.matches;
    this.buttons = { main: {}, secondary: {} };
    this.colors = { header: "header_bg_color", background: "bg_color", bar: "bottom_bar_bg_color" };
    this.build();
    const acts = actsFor(this, opened);
    this.bridge = new Bridge(this.frame, { origin: new URL(opened.url).origin, version, acts });
    this.watch = new ResizeObserver(() => this.tellViewport());
    this.watch.observe(this.frame);
    this.onvisibility = () => this.bridge.post("visibility_changed", { is_visible: !document.hidden });
    document.addEventListener("visibilitychange", this.onvisibility);
  }

  build() {
    this.header = h("header", { class: "webapp-header" });
    this.frame = this.newFrame();
    this.wait = h("div", { class: "webapp-wait", "aria-hidden": "true" }, h("img", { src: "/sandbox/static/icon.svg", alt: "", width: 72, height: 72 }));
    this.footer = h("footer", { class: "webapp-bar", hidden: true });
    this.node = h("dialog", { class: "webapp", "aria-label": this.title, dataset: { testid: "webapp" } },
      this.header, h("div", { class: "webapp-body" }, this.frame, this.wait), this.footer);
    this.node.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close();
    });
    document.body.append(this.node);
    this.draw();
    this.node.showModal();
  }

  newFrame() {
    return h("iframe", { src: this.opened.url, class: "webapp-frame", title: this.title, sandbox: MAY, allow: "camera; microphone; geolocation", autofocus: true,
      dataset: { testid: "webapp-frame" }, onload: () => this.loaded() });
  }

  get title() {
    return state.bot.first_name;
  }

  draw() {
    this.node.dataset.expanded = String(this.isExpanded);
    fill(this.header,
      this.hasBack
        ? iconButton("back", t("webappBack"), { dataset: { testid: "webapp-back" }, onclick: () => this.bridge.post("back_button_pressed") })
        : iconButton("close", t("close"), { dataset: { testid: "webapp-close" }, onclick: () => this.close() }),
      h("div", { class: "webapp-words" }, h("h2", {}, this.title), h("p", {}, t("webappOf"))),
      !this.isExpanded && iconButton("chevron", t("webappExpand"), { class: "icon-button webapp-expand", dataset: { testid: "webapp-expand" }, onclick: () => this.expand() }),
      iconButton("more", t("webappMenu"), { dataset: { testid: "webapp-menu" }, "aria-haspopup": "menu", onclick: (event) => this.openMenu(event.currentTarget) }));
    this.colour();
    this.drawButtons();
  }

  colour() {
    const theme = this.themes[currentTheme()];
    for (const [part, color] of Object.entries(this.colors)) {
      const seen = theme[color] ?? color;
      this.node.style.setProperty(`--webapp-${part}`, seen);
      this.node.style.setProperty(`--webapp-${part}-text`, textOn(seen));
    }
  }

  drawButtons() {
    const theme = this.themes[currentTheme()];
    const shown = ["main", "secondary"].filter((name) => this.buttons[name].is_visible && this.buttons[name].text);
    this.footer.hidden = shown.length === 0;
    this.footer.style.flexDirection = POSITIONS[this.buttons.secondary.position] ?? "row-reverse";
    fill(this.footer, shown.map((name) => {
      const { text, color, text_color: textColor, is_active: isActive = true, is_progress_visible: isBusy } = this.buttons[name];
      const isMain = name === "main";
      return h("button", { type: "button", class: "webapp-button", disabled: !isActive, "aria-busy": isBusy ? "true" : null,
        dataset: { testid: `webapp-${name}` }, onclick: () => this.bridge.post(`${name}_button_pressed`),
        style: { background: color ?? (isMain ? theme.button_color : theme.bottom_bar_bg_color),
          color: textColor ?? (isMain ? theme.button_text_color : theme.button_color) } },
      h("span", { class: "face" }, text));
    }));
  }

  openMenu(anchor) {
    const next = currentTheme() === "dark" ? "light" : "dark";
    openMenu(anchor, [
      this.hasSettings && { label: t("webappSettings"), icon: "sliders", testid: "webapp-settings", action: () => this.bridge.post("settings_button_pressed") },
      { label: t("webappReload"), icon: "undo", testid: "webapp-reload", action: () => this.reload() },
      { label: t(next === "dark" ? "webappDark" : "webappLight"), icon: "theme", testid: "webapp-theme", action: () => setTheme(next) },
      this.hasBack && { label: t("close"), icon: "close", testid: "webapp-close", action: () => this.close() },
    ].filter(Boolean), t("webappMenu"), this.node);
  }

  /** It says that it is there; `canReload`: it reloads by itself when told. */
  loaded(canReload = this.canReload) {
    this.canReload = canReload;
    this.wait.hidden = true;
  }

  // launch data stay as they were: whoever reloads keeps the first auth_date
  reload() {
    this.frame.contentWindow && this.bridge.post("reload_iframe");
    clearTimeout(this.reloads);
    this.reloads = setTimeout(() => this.load(), this.canReload ? RELOADS_WITHIN_MS : 0);
  }

  reloading() {
    clearTimeout(this.reloads);
  }

  load() {
    const fresh = this.newFrame();
    this.watch.unobserve(this.frame);
    this.frame.replaceWith(fresh);
    this.frame = this.bridge.frame = fresh;
    this.bridge.isHeard = false;
    this.watch.observe(fresh);
    [this.hasBack, this.hasSettings, this.confirms, this.buttons] = [false, false, false, { main: {}, secondary: {} }];
    this.draw();
  }

  expand() {
    if (this.isExpanded) return;
    this.isExpanded = true;
    this.draw();
    this.tellViewport();
  }

  tellViewport() {
    const { clientWidth: width, clientHeight: height } = this.frame;
    this.bridge.post("viewport_changed", { width, height, is_expanded: this.isExpanded, is_state_stable: true });
  }

  tellTheme() {
    this.bridge.post("theme_changed", { theme_params: this.themes[currentTheme()] });
  }

  themeChanged() {
    this.draw();
    this.tellTheme();
  }

  paint(part, color) {
    const isColor = /^#[0-9a-f]{6}$/i.test(color ?? "");
    if (!isColor && !["bg_color", "secondary_bg_color", "bottom_bar_bg_color"].includes(color)) return;
    this.colors[part] = color;
    this.colour();
  }

  setButton(name, setup) {
    this.buttons[name] = { ...this.buttons[name], ...setup };
    this.drawButtons();
  }

  setBack(hasBack) {
    this.hasBack = hasBack;
    this.draw();
  }

  setSettings(hasSettings) {
    this.hasSettings = hasSettings;
  }

  setConfirmation(confirms) {
    this.confirms = confirms;
  }

  async close({ asks = true } = {}) {
    if (asks && this.confirms) {
      const buttons = [{ id: "", type: "cancel" }, { id: "close", type: "destructive", text: t("webappCloseAnyway") }];
      if ((await popup({ message: t("webappUnsaved"), buttons })).button_id !== "close") return;
    }
    clearTimeout(this.reloads);
    this.bridge.close();
    this.watch.disconnect();
    document.removeEventListener("visibilitychange", this.onvisibility);
    this.node.close();
    this.node.remove();
    this.onclose();
  }
}

function textOn(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? "#14221f" : "#f4f8f7";
}
