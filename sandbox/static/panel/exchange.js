import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { on, state } from "../state.js";
import { attempt, toast } from "../toast.js";
import "./exchange_words.js";

const EVERY_MS = 3000;
const WAYS = { down: "exchangeDown", slow: "exchangeSlow", html: "exchangeHtml", garbage: "exchangeGarbage", redirect: "exchangeRedirect",
  empty: "exchangeEmpty", columns: "exchangeColumns", endless_pages: "exchangePages", endless_bytes: "exchangeBytes", tomorrow: "exchangeTomorrow",
  zero: "exchangeZero", null: "exchangeNull", negative: "exchangeNegative", restated: "exchangeRestated", lost: "exchangeLost" };

let body = null;
let shown = "";

async function refresh() {
  if (!body || !state.bot || document.hidden || !body.offsetParent) return;
  const exchange = await api.exchange().catch(() => null);
  if (!exchange) return;
  const fresh = JSON.stringify(exchange);
  if (fresh === shown) return;
  shown = fresh;
  draw(exchange);
}

const now = async (promise, words) => {
  if ((await attempt(promise)) === undefined) return;
  if (words) toast(words);
  await refresh();
};

const chip = (kind, label, faults) => {
  const armed = faults.some((fault) => fault.kind === kind);
  return h("button", { type: "button", class: "chip", "aria-pressed": String(armed), dataset: { testid: `exchange-${kind}` },
    onclick: () => now(chosen(kind, armed)) }, t(label));
};

/** One way at a time: of several the first would hide the others. */
async function chosen(kind, armed) {
  const cleared = await api.clearExchangeFaults();
  return armed ? cleared : api.addExchangeFault({ kind, times: 0 });
}

function draw({ calls, faults, papers }) {
  fill(body,
    h("p", { class: "hint", dataset: { testid: "exchange-papers" } }, papers.join(", ")),
    h("p", { class: "hint" }, t("exchangeCalls", { n: calls })),
    h("p", { class: "hint" }, t("exchangeNext")),
    h("div", { class: "fault-buttons" }, Object.entries(WAYS).map(([kind, label]) => chip(kind, label, faults))),
    faults.length > 0 && h("p", { class: "hint", dataset: { testid: "exchange-armed" } },
      h("button", { type: "button", class: "link small", dataset: { testid: "exchange-faults-clear" },
        onclick: () => now(api.clearExchangeFaults(), t("faultsCleared")) }, t("faultsClear"))));
}

setInterval(refresh, EVERY_MS);
on("panel", refresh);
on("person", refresh);

export const exchange = {
  id: "exchange",
  title: "exchangeTitle",
  draw(into) {
    shown = "";
    body = into;
    setTimeout(refresh);
  },
};
