/** The first version of Mini Apps that knows an event; those that are not here are as old as Mini Apps. */
const SINCE = {
  web_app_set_header_color: "6.1", web_app_set_background_color: "6.1", web_app_open_tg_link: "6.1",
  web_app_open_invoice: "6.1", web_app_setup_back_button: "6.1", web_app_trigger_haptic_feedback: "6.1",
  web_app_open_popup: "6.2", web_app_setup_closing_behavior: "6.2", web_app_switch_inline_query: "6.7",
  web_app_invoke_custom_method: "6.9", web_app_request_phone: "6.9", web_app_request_write_access: "6.9",
  web_app_setup_settings_button: "7.0", web_app_setup_swipe_behavior: "7.7", web_app_set_bottom_bar_color: "7.10",
  web_app_setup_secondary_button: "7.10", web_app_request_safe_area: "8.0", web_app_request_content_safe_area: "8.0",
  web_app_request_fullscreen: "8.0", web_app_hide_keyboard: "9.1",
};

/**
 * Telegram's end of the wire to a Mini App in a frame: JSON texts {eventType, eventData} both ways. `acts` has a
 * function (data, bridge) for each event it knows; others are taken and nothing comes of them. Only the frame's own page is heard,
 * and only while it is of the Mini App's own origin.
 */
export class Bridge {
  constructor(frame, { origin, version, acts }) {
    Object.assign(this, { frame, origin, version, acts });
    this.listener = (event) => this.receive(event);
    addEventListener("message", this.listener);
  }

  close() {
    removeEventListener("message", this.listener);
  }

  /** Before the page was heard of there is none of its origin in the frame, and browsers complain. */
  post(eventType, eventData = {}) {
    if (!this.isHeard) return;
    this.frame.contentWindow?.postMessage(JSON.stringify({ eventType, eventData }), this.origin);
  }

  receive({ source, origin, data }) {
    if (source !== this.frame.contentWindow) return;
    const event = read(data);
    if (!event || isNewer(SINCE[event.eventType], this.version)) return;
    this.isHeard = origin === this.origin;
    if (this.isHeard && Object.hasOwn(this.acts, event.eventType)) this.acts[event.eventType](event.eventData, this);
  }
}

function read(text) {
  if (typeof text !== "string") return null;
  try {
    const { eventType, eventData } = JSON.parse(text);
    return typeof eventType === "string" ? { eventType, eventData: eventData || {} } : null;
  } catch {
    return null;
  }
}

function isNewer(wanted, version) {
  if (!wanted) return false;
  const [major, minor] = wanted.split(".").map(Number);
  const [ours, ourMinor] = version.split(".").map(Number);
  return major > ours || (major === ours && minor > ourMinor);
}
