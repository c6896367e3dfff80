import * as api from "../api.js";
import { t } from "../i18n.js";
import { botLink, followBotLink } from "../links.js";
import { emit, on, state } from "../state.js";
import { currentTheme } from "../theme.js";
import { attempt, toast } from "../toast.js";
import { Sheet } from "./sheet.js";
import "./words.js";

let open = null;

/**
 * `way`: menu, inline, keyboard or link. `url` of the button, `startParam` and `compact` of the link, `buttonText` of a
 * reply keyboard's button.
 */
async function openApp({ way, url, startParam, compact, buttonText }) {
  const link = botLink(url, state.bot.username); // of a button: it opens as if the link were pressed
  if (link) return followBotLink(link);
  const personId = state.personId;
  const settings = await attempt(api.webapp());
  if (!settings) return undefined;
  if (way === "link" && !settings.main_url) return toast(t("webappNone"));
  const opening = { way, url, start_param: startParam || undefined, theme: currentTheme() };
  const opened = await attempt(api.openWebapp(personId, opening));
  if (!opened || personId !== state.personId) return undefined;
  open?.close({ asks: false });
  const isCompact = way === "link" ? compact : true;
  open = new Sheet({ way, personId, buttonText, isCompact, url: opened.url },
    { themes: settings.themes, version: settings.version, onclose: () => (open = null) });
  return open;
}

/** The main Mini App's address, which browsers open too. */
async function askMainUrl() {
  const settings = await api.webapp().catch(() => null);
  state.mainUrl = settings?.main_url ?? null;
  emit("main_url");
}

export function mountWebApps() {
  on("person", askMainUrl);
  on("open_app", openApp);
  on("leaving_person", () => open?.close({ asks: false }));
  on("theme", () => open?.themeChanged());
}
