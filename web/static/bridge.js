/* Within Telegram: its theme, safe areas and buttons, and links that leave. Elsewhere it does nothing.
   Written for old WebViews (iOS 14), and asks of a client only what its version knows. */
"use strict";
(function () {
  var root = document.documentElement;
  var KEPT = "telegram", WAY = "telegram-way";
  var store = openStore();
  var launch = readLaunch();
  if (!launch) return;

  function readLaunch() {
    var told = new URLSearchParams(location.hash.slice(1)), version = told.get("tgWebAppVersion");
    if (!version) return recall(KEPT);
    var theme = {};
    try { theme = JSON.parse(told.get("tgWebAppThemeParams") || "{}"); } catch (error) { /* ours, then */ }
    var read = { version: version, platform: told.get("tgWebAppPlatform") || "", theme: theme };
    remember(KEPT, read);
    if (told.has("tgWebAppData")) remember(WAY, []); // the entry: its own script reads the rest
    else history.replaceState(history.state, "", location.pathname + location.search);
    return read;
  }

  function recall(name) {
    try { return JSON.parse(store.getItem(name)); } catch (error) { return null; }
  }

  function remember(name, value) {
    store.setItem(name, JSON.stringify(value));
  }

  function openStore() {
    try {
      sessionStorage.setItem(KEPT + "-works", "yes");
      return sessionStorage;
    } catch (error) {
      return { getItem: function (name) { return named()[name]; }, setItem: keepNamed }; // a frame that may keep nothing
    }
  }

  function named() {
    try { return JSON.parse(window.name) || {}; } catch (error) { return {}; }
  }

  function keepNamed(name, text) {
    var all = named();
    all[name] = text;
    window.name = JSON.stringify(all);
  }

  function knows(version) {
    var own = launch.version.split("."), asked = version.split(".");
    for (var i = 0; i < 2; i++) {
      var difference = (parseInt(own[i], 10) || 0) - (parseInt(asked[i], 10) || 0);
      if (difference) return difference > 0;
    }
    return true;
  }

  function post(type, data, since) {
    if (since && !knows(since)) return false;
    var proxy = window.TelegramWebviewProxy, body = data || {};
    if (proxy && proxy.postEvent) proxy.postEvent(type, JSON.stringify(body));
    else if (window.external && "notify" in window.external) window.external.notify(JSON.stringify({ eventType: type, eventData: body }));
    else if (window.parent !== window) window.parent.postMessage(JSON.stringify({ eventType: type, eventData: body }), "*");
    else return false;
    return true;
  }

  /* What the client tells. */
  var heard = {
    theme_changed: function (data) {
      launch.theme = data.theme_params || {};
      remember(KEPT, launch);
      paint(launch.theme);
    },
    safe_area_changed: function (data) { inset("--tg-safe-area-inset-", data); },
    content_safe_area_changed: function (data) { inset("--tg-content-safe-area-inset-", data); },
    back_button_pressed: goBack,
    main_button_pressed: function () { if (main) main.click(); },
    reload_iframe: function () { post("iframe_will_reload"); location.reload(); },
  };

  function receive(type, data) {
    if (Object.prototype.hasOwnProperty.call(heard, type)) heard[type](data || {});
  }

  window.Telegram = { WebView: { receiveEvent: receive } };
  window.TelegramGameProxy = window.TelegramGameProxy || {};
  window.TelegramGameProxy.receiveEvent = receive;
  window.addEventListener("message", function (event) {
    if (window.parent === window || event.source !== window.parent) return;
    try {
      var told = JSON.parse(event.data);
      receive(told.eventType, told.eventData);
    } catch (error) { /* not for us */ }
  });

  /* Theme and safe areas, as properties that the style sheet reads. */
  function paint(theme) {
    Object.keys(theme).forEach(function (name) {
      if (/^[a-z_]{1,40}$/.test(name) && /^#[0-9a-f]{6}$/i.test(theme[name])) {
        root.style.setProperty("--tg-theme-" + name.replace(/_/g, "-"), theme[name]);
      }
    });
    if (/^#[0-9a-f]{6}$/i.test(theme.bg_color)) root.setAttribute("data-theme", isDark(theme.bg_color) ? "dark" : "light");
  }

  function isDark(color) {
    var part = function (at) { return parseInt(color.substr(at, 2), 16); };
    return part(1) * 0.299 + part(3) * 0.587 + part(5) * 0.114 < 128;
  }

  function inset(prefix, data) {
    ["top", "bottom", "left", "right"].forEach(function (side) {
      var wide = Number(data[side]);
      if (isFinite(wide)) root.style.setProperty(prefix + side, Math.max(0, wide) + "px");
    });
  }

  /* The way back: pages since the last section. A section is an entry, where the client shows its own way out. */
  var section = null, here = location.pathname + location.search, before = "/";

  function walk() {
    var way = recall(WAY) || [];
    var tab = document.querySelector(".tabs [aria-current]");
    section = tab ? tab.getAttribute("href") : "/";
    var entry = location.pathname === "/" || location.pathname === section;
    if (entry) way = [here];
    else if (way.length && path(way[way.length - 1]) === location.pathname) way[way.length - 1] = here;
    else way.push(here);
    before = way.length > 1 ? way[way.length - 2] : section;
    remember(WAY, way.slice(-30));
    post("web_app_setup_back_button", { is_visible: !entry }, "6.1");
  }

  function path(place) {
    return place.split("?")[0];
  }

  function goBack() {
    var way = recall(WAY) || [];
    way.pop();
    remember(WAY, way);
    location.replace(before);
  }

  /* What the page is for, on the client's large button. */
  var main = null;

  function setUpMain() {
    main = document.querySelector("[data-main]");
    if (main && (main.disabled || !main.textContent.trim())) main = null;
    var shown = main ? { is_visible: true, is_active: true, text: main.textContent.trim() } : { is_visible: false };
    if (post("web_app_setup_main_button", shown) && main) root.setAttribute("data-main-button", "");
  }

  /* Links: the bot's open in Telegram, others outside, so that a payment has a browser of its own to come back to. */
  function follow(event) {
    var link = event.target.closest ? event.target.closest("a[href]") : null;
    if (!link || event.defaultPrevented || link.origin === location.origin || !/^https?:$/.test(link.protocol)) return;
    var inTelegram = /^(t\.me|telegram\.me)$/.test(link.hostname);
    var opened = inTelegram
      ? post("web_app_open_tg_link", { path_full: link.pathname + link.search }, "6.1")
      : post("web_app_open_link", { url: link.href }, "6.1");
    if (opened) event.preventDefault();
  }

  /* A form that is being filled is not closed by chance. */
  var filled = false;

  function guard(asks) {
    if (filled === asks) return;
    filled = asks;
    post("web_app_setup_closing_behavior", { need_confirmation: asks }, "6.2");
  }

  function setUp() {
    post("iframe_ready", { reload_supported: true });
    post("web_app_request_theme");
    post("web_app_request_safe_area", {}, "8.0");
    post("web_app_request_content_safe_area", {}, "8.0");
    post("web_app_set_header_color", { color_key: "secondary_bg_color" }, "6.1");
    post("web_app_setup_closing_behavior", { need_confirmation: false }, "6.2");
    post("web_app_ready");
    if (location.hash.indexOf("tgWebAppData") >= 0) {
      post("web_app_expand");
      return;
    }
    walk();
    setUpMain();
    document.addEventListener("click", follow);
    document.addEventListener("input", function (event) {
      var form = event.target.form;
      if (form && form.method === "post") guard(true);
    });
    document.addEventListener("submit", function () { guard(false); });
  }

  root.setAttribute("data-telegram", launch.platform);
  paint(launch.theme);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", setUp);
  else setUp();
})();
