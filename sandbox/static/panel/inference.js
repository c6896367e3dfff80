import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { on, state } from "../state.js";
import { attempt, toast } from "../toast.js";
import "./inference_words.js";

const DIALECTS = ["triton", "mlserver", "kserve", "openvino"];
const EVERY_MS = 3000;
const OPTION = { 500: "oip500", hang: "oipHang", html: "oipHtml", worker: "oipWorker", shape: "oipShape", nan: "oipNan", cut: "oipCut", 401: "oip401" };

let body = null;
let shown = "";

async function refresh() {
  if (!body || !state.bot || document.hidden || !body.offsetParent) return;
  const [server, faults] = await Promise.all([api.inference(), api.inferenceFaults()]).catch(() => [null]);
  if (!server) return;
  const fresh = JSON.stringify([server, faults]);
  if (fresh === shown) return;
  shown = fresh;
  draw(server, faults);
}

const now = async (promise, words) => {
  if ((await attempt(promise)) === undefined) return;
  if (words) toast(words);
  await refresh();
};

const chip = (id, label, onclick, pressed) => h("button", { type: "button", class: "chip", "aria-pressed": pressed === undefined ? null : String(pressed),
  dataset: { testid: id }, onclick }, label);

function draw(server, faults) {
  const choice = h("select", { dataset: { testid: "inference-dialect" }, onchange: (event) => now(api.changeInference({ dialect: event.target.value })) },
    DIALECTS.map((name) => h("option", { value: name, selected: name === server.dialect }, t(`oip_${name}`))));
  const away = faults.some((fault) => fault.on === "*" && fault.times === 0);
  fill(body,
    h("p", { class: "hint" }, t("oipCalls", { n: server.calls })),
    h("label", { class: "fault-method" }, t("oipDialect"), choice),
    h("p", { class: "hint" }, t("oipModels")),
    h("div", { class: "fault-buttons" }, server.models.filter(({ name }) => !name.startsWith("echo-")).map(({ name, ready }) =>
      chip(`inference-model-${name}`, name, () => now(api.loadModel(name, !ready)), ready))),
    h("p", { class: "hint" }, t("oipNext")),
    h("div", { class: "fault-buttons" }, Object.entries(OPTION).map(([kind, label]) =>
      chip(`inference-${kind}`, t(label), () => now(api.addInferenceFault({ kind, on: "infer" }), t("faultSet", { what: t(label) }))))),
    h("div", { class: "fault-buttons" },
      chip("inference-away", t("oipAway"), () => now(away ? api.clearInferenceFaults() : api.addInferenceFault({ kind: "cut", on: "*", times: 0 })), away)),
    faults.length > 0 && h("p", { class: "hint", dataset: { testid: "inference-armed" } }, h("span", {}, t("shopArmed", { n: faults.length })), " ",
      h("button", { type: "button", class: "link small", dataset: { testid: "inference-faults-clear" },
        onclick: () => now(api.clearInferenceFaults(), t("faultsCleared")) }, t("faultsClear"))));
}

setInterval(refresh, EVERY_MS);
on("panel", refresh);
on("person", refresh);

export const inference = {
  id: "inference",
  title: "oipTitle",
  draw(into) {
    shown = "";
    body = into;
    setTimeout(refresh);
  },
};
