import * as api from "./api.js";
import { mountAttach } from "./attach.js";
import { mountChat } from "./chat.js";
import { mountComposer, say } from "./composer.js";
import { $ } from "./dom.js";
import { setLanguage, t } from "./i18n.js";
import { mountHeader } from "./header.js";
import { follow, followLog, stop } from "./live.js";
import { mountPanel, togglePanel } from "./panel.js";
import { loadPeople, loadUnread, mountPeople, selectPerson } from "./people.js";
import { followBotLink } from "./links.js";
import { mountStars } from "./stars/pay.js";
import { on, remembered, state } from "./state.js";
import { mountTheme } from "./theme.js";
import { toast } from "./toast.js";
import { mountWebApps } from "./webapp/open.js";

const RETRY_MS = 1500;

function openDrawer() {
  $("sidebar").classList.add("open");
  $("scrim").hidden = false;
  $("sidebar").querySelector("[aria-current]")?.focus();
}

function closeDrawer() {
  const hadFocus = $("sidebar").classList.contains("open") && $("sidebar").contains(document.activeElement);
  if (hadFocus) $("chat-header").querySelector("button")?.focus();
  $("sidebar").classList.remove("open");
  $("scrim").hidden = true;
}

/** The bot of `?bot=<id>`, else the default one; waits for a sandbox that is still starting. */
async function findBot() {
  const wanted = new URLSearchParams(location.search).get("bot");
  for (let isTold = false; ; isTold = true) {
    try {
      const worlds = await api.worlds();
      return worlds.find((world) => String(world.bot_id) === wanted) ?? worlds.find((world) => world.default) ?? worlds[0];
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      if (!isTold) toast(t("offline"), "error");
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/**
 * `/?person=101&start=model_wine` opens the chat as that person and says `/start model_wine`, once; with `startapp` for `start` it
 * opens the main Mini App; `invoice` asks to pay it.
 */
function deepLink() {
  const query = new URLSearchParams(location.search);
  const [start, startapp, invoice] = ["start", "startapp", "invoice"].map((name) => query.get(name));
  return {
    personId: Number(query.get("person") ?? remembered.get("person")) || null,
    text: start === null ? null : `/start ${start}`.trim(),
    app: startapp === null ? null : { startapp, compact: query.get("mode") === "compact" },
    invoice,
  };
}

// a hidden tab gives its connection back: browsers allow six to a host
function followWhileVisible() {
  on("person", ({ id }) => {
    closeDrawer();
    follow(id);
  });
  on("lost", () => selectPerson(null));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) stop();
    else if (state.personId) follow(state.personId);
  });
}

async function begin() {
  setLanguage(navigator.language);
  mountTheme();
  mountPanel();
  mountPeople({ closeDrawer });
  mountChat();
  mountComposer();
  mountAttach();
  mountWebApps();
  mountStars();
  $("scrim").addEventListener("click", closeDrawer);
  document.addEventListener("keydown", (event) => event.key === "Escape" && closeDrawer());
  state.bot = await findBot();
  mountHeader({ openDrawer, togglePanel });
  followWhileVisible();
  await loadPeople();
  const link = deepLink();
  selectPerson(link.personId);
  if (link.text) await say(link.text);
  if (link.app) followBotLink(link.app);
  if (link.invoice) followBotLink({ invoice: link.invoice });
  followLog();
  await loadUnread();
}

begin();
