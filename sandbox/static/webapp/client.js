import * as api from "../api.js";
import { botLink, followBotLink } from "../links.js";
import { emit, state } from "../state.js";
import { attempt, toast } from "../toast.js";
import { t } from "../i18n.js";
import { popup } from "./popups.js";

const NOWHERE = { top: 0, bottom: 0, left: 0, right: 0 };
/** What this client cannot do, and how Telegram says so. */
const UNSUPPORTED = {
  web_app_request_fullscreen: ["fullscreen_failed", { error: "UNSUPPORTED" }],
  web_app_add_to_home_screen: ["home_screen_failed", { error: "UNSUPPORTED" }],
  web_app_check_home_screen: ["home_screen_checked", { status: "unsupported" }],
  web_app_biometry_get_info: ["biometry_info_received", { available: false }],
  web_app_check_location: ["location_checked", { available: false }],
  web_app_send_prepared_message: ["prepared_message_failed", { error: "UNSUPPORTED" }],
};

/** What a Mini App may ask of the client, by event. `sheet`: where it is shown; `opened`: how it was opened. */
export function actsFor(sheet, opened) {
  const id = opened.personId;
  const acts = {
    iframe_ready: ({ reload_supported: can }) => sheet.loaded(Boolean(can)),
    iframe_will_reload: () => sheet.reloading(),
    web_app_ready: () => sheet.loaded(),
    web_app_expand: () => sheet.expand(),
    web_app_close: () => sheet.close(),
    web_app_request_theme: () => sheet.tellTheme(),
    web_app_request_viewport: () => sheet.tellViewport(),
    web_app_request_safe_area: (_, bridge) => bridge.post("safe_area_changed", NOWHERE),
    web_app_request_content_safe_area: (_, bridge) => bridge.post("content_safe_area_changed", NOWHERE),
    web_app_set_header_color: ({ color, color_key: key }) => sheet.paint("header", color ?? key),
    web_app_set_background_color: ({ color }) => sheet.paint("background", color),
    web_app_set_bottom_bar_color: ({ color }) => sheet.paint("bar", color),
    web_app_setup_main_button: (setup) => sheet.setButton("main", setup),
    web_app_setup_secondary_button: (setup) => sheet.setButton("secondary", setup),
    web_app_setup_back_button: ({ is_visible: shown }) => sheet.setBack(Boolean(shown)),
    web_app_setup_settings_button: ({ is_visible: shown }) => sheet.setSettings(Boolean(shown)),
    web_app_setup_closing_behavior: ({ need_confirmation: asks }) => sheet.setConfirmation(Boolean(asks)),
    web_app_open_link: ({ url }) => openOutside(url),
    web_app_open_tg_link: ({ path_full: path }) => openInTelegram(path, sheet),
    web_app_open_popup: async (asked, bridge) => bridge.post("popup_closed", await popup(asked)),
    web_app_open_invoice: ({ slug }, bridge) => {
      emit("pay", { slug, done: (status) => bridge.post("invoice_closed", { slug, status }) });
    },
    web_app_data_send: async ({ data }) => {
      if (opened.way !== "keyboard") return;
      const sent = await attempt(api.sendWebappData(id, String(data ?? ""), opened.buttonText));
      if (sent) sheet.close({ asks: false });
    },
    web_app_switch_inline_query: ({ query }) => {
      sheet.close({ asks: false });
      emit("insert", `@${state.bot.username} ${query ?? ""}`);
    },
    web_app_invoke_custom_method: async ({ req_id: number, method, params }, bridge) => {
      const answer = await attempt(api.webappMethod(id, method, params ?? {}));
      bridge.post("custom_method_invoked", { req_id: number, ...(answer ?? { error: "NETWORK_ERROR" }) });
    },
    web_app_request_phone: async (_, bridge) => {
      const shared = await agreed("webappPhone") && (await attempt(api.shareWebappPhone(id)));
      bridge.post("phone_requested", { status: shared ? "sent" : "cancelled" });
    },
    web_app_request_write_access: async (_, bridge) => {
      const allowed = await agreed("webappWrite") && (await attempt(api.allowWebappWriting(id)));
      bridge.post("write_access_requested", { status: allowed ? "allowed" : "cancelled" });
    },
    web_app_read_text_from_clipboard: ({ req_id: number }, bridge) => bridge.post("clipboard_text_received", { req_id: number }),
  };
  for (const [event, answer] of Object.entries(UNSUPPORTED)) acts[event] = (_, bridge) => bridge.post(...answer);
  return acts;
}

async function agreed(question) {
  const buttons = [{ id: "", type: "cancel" }, { id: "yes", type: "default", text: t("webappAllow") }];
  const { button_id: pressed } = await popup({ message: t(question, { bot: state.bot.first_name }), buttons });
  return pressed === "yes";
}

function openOutside(url) {
  if (/^https?:\/\//i.test(url ?? "")) window.open(url, "_blank", "noopener");
}

function openInTelegram(path, sheet) {
  const url = `https://t.me${path ?? ""}`;
  const link = botLink(url, state.bot.username);
  if (!link) return toast(t("webappElsewhere", { url }));
  sheet.close({ asks: false });
  return followBotLink(link);
}
