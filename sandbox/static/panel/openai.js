import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { on, state } from "../state.js";
import { attempt, toast } from "../toast.js";
import "./openai_words.js";

const EVERY_MS = 2000;
const DIALECTS = ["openai", "openrouter", "gateway"];
const PACES = { quick: 0, human: 0.1, slow: 0.5 };
const TIMES = { once: 1, thrice: 3, always: 0 };
const CODES = ["400", "408", "409", "422", "429", "500", "502", "503", "529"];
const FAULTS = {
  aiHalf: ["cut", "truncated", "malformed", "stall", "error_in_stream", "error_chunk"],
  aiBefore: ["html", "error_200", "cut_before", "hang", "comments", "empty", "reasoning"],
  aiCodes: CODES,
  aiRefusals: ["401", "402", "403", "404", "413", "quota", "refuse", "picture", "no_stream_options", "detail",
    "context", "context_text", "context_llama", "context_flat", "context_status"],
  aiUsage: ["no_usage", "zero_usage", "negative_usage", "wild_usage"],
  aiWhole: ["plain_json", "bad_utf8", "drip", "endless"],
};

let body = null;
let shown = "";
let fault = "cut";
let times = "once";

const label = (kind) => (CODES.includes(kind) ? kind : t(`chat_${kind}`));

async function refresh() {
  if (!body || !state.bot || document.hidden || !body.offsetParent) return;
  const server = await api.openai().catch(() => null);
  if (!server) return;
  const fresh = JSON.stringify(server);
  if (fresh === shown || body.querySelector("select:focus")) return; // a list that is open stays
  shown = fresh;
  draw(server);
}

const now = async (promise, words) => {
  if ((await attempt(promise)) === undefined) return;
  if (words) toast(words);
  body.querySelector("select:focus")?.blur();
  await refresh();
};

function arm() {
  const retryAfter = CODES.includes(fault) ? { retry_after: 3 } : {};
  return now(api.addOpenaiFault({ kind: fault, times: TIMES[times], ...retryAfter }), t("faultSet", { what: label(fault) }));
}

const choice = (id, title, options, onchange) => h("label", { class: "fault-method" }, t(title),
  h("select", { dataset: { testid: `openai-${id}` }, onchange: (event) => onchange(event.target.value) }, options));
const option = (value, text, chosen) => h("option", { value, selected: value === chosen }, text);

function draw(server) {
  const pace = Object.keys(PACES).find((name) => PACES[name] === server.pace);
  const armed = server.faults.length;
  fill(body,
    h("p", { class: "hint" }, t("aiCalls", { n: server.calls }), server.open > 0 && ` ${t("aiOpen", { n: server.open })}`),
    choice("dialect", "aiDialect", DIALECTS.map((name) => option(name, t(`ai_${name}`), server.dialect)),
      (dialect) => now(api.changeOpenai({ dialect }))),
    choice("pace", "aiPace", Object.keys(PACES).map((name) => option(name, t(`ai_${name}`), pace)),
      (name) => now(api.changeOpenai({ pace: PACES[name] }))),
    h("p", { class: "hint" }, t("aiWords")),
    choice("fault", "aiFault", Object.entries(FAULTS).map(([group, kinds]) =>
      h("optgroup", { label: t(group) }, kinds.map((kind) => option(kind, label(kind), fault)))), (kind) => (fault = kind)),
    choice("times", "aiTimes", Object.keys(TIMES).map((name) => option(name, t(`ai_${name}`), times)), (name) => (times = name)),
    h("div", { class: "fault-buttons" },
      h("button", { type: "button", class: "chip", dataset: { testid: "openai-arm" }, onclick: arm }, t("aiArm"))),
    (armed > 0 || server.standing) && h("p", { class: "hint", dataset: { testid: "openai-armed" } },
      h("span", {}, [armed > 0 && t("shopArmed", { n: armed }), server.standing && t("aiUntil", { what: label(server.standing) })].filter(Boolean).join(" ")), " ",
      h("button", { type: "button", class: "link small", dataset: { testid: "openai-faults-clear" },
        onclick: () => now(api.clearOpenaiFaults(), t("faultsCleared")) }, t("faultsClear"))));
}

setInterval(refresh, EVERY_MS);
on("panel", refresh);
on("person", refresh);

export const openai = {
  id: "openai",
  title: "aiTitle",
  draw(into) {
    shown = "";
    body = into;
    setTimeout(refresh);
  },
};
