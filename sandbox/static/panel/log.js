import { fill, h } from "../dom.js";
import { clockTime, t } from "../i18n.js";
import { on, state } from "../state.js";

const KEPT = 80;
const QUIET = new Set(["getupdates"]);

const calls = new Map();
let place = null;
let isAll = false;

function note(call) {
  calls.set(call.n, call);
  for (const n of calls.keys()) {
    if (calls.size <= KEPT * 3) break;
    calls.delete(n);
  }
  queueMicrotask(redraw);
}

const nodes = new Map();

function redraw() {
  if (!place) return;
  const visible = [...calls.values()].filter((call) => isAll || !QUIET.has(call.method.toLowerCase())).slice(-KEPT).reverse();
  if (!visible.length) return fill(place, h("p", { class: "hint" }, t("logEmpty")));
  const rows = visible.map((call) => {
    const known = nodes.get(call.n);
    if (known?.ok === call.ok) return known.node;
    const node = row(call);
    nodes.set(call.n, { ok: call.ok, node });
    return node;
  });
  for (const n of nodes.keys()) if (!calls.has(n)) nodes.delete(n);
  if (rows.some((node, at) => place.children[at] !== node)) fill(place, rows);
}

function row(call) {
  const name = state.people.find((one) => one.id === Number(call.params?.chat_id))?.first_name;
  const result = call.ok === null ? "…" : call.ok ? "ok" : String(call.error_code ?? "✕");
  const params = h("pre");
  const showParams = () => (params.textContent = JSON.stringify(call.params, null, 2));
  return h("details", { class: "call", ontoggle: showParams, dataset: { ok: String(call.ok), method: call.method, testid: "log-call" } },
    h("summary", {}, h("span", { class: "result" }, result), h("span", { class: "method" }, call.method),
      name && h("span", { class: "whom" }, name), h("time", {}, clockTime(call.at))),
    call.description && h("p", { class: "hint error" }, call.description),
    params);
}

on("bot_call", note);
on("restarted", () => {
  calls.clear();
  nodes.clear();
  redraw();
});

export const log = {
  id: "log",
  title: "log",
  draw(body) {
    nodes.clear();
    place = h("div", { class: "calls", dataset: { testid: "log" } });
    const box = h("input", { type: "checkbox", checked: isAll, onchange: (event) => {
      isAll = event.target.checked;
      redraw();
    } });
    body.append(h("label", { class: "check" }, box, t("logAll")), place);
    redraw();
  },
};
