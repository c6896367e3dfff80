import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { on, state } from "../state.js";
import { attempt, toast } from "../toast.js";
import "./comfyui_words.js";

const EVERY_MS = 1000;
const OLD = "0.3.64";
const NEW = "0.30.0";
const NODE = "SandboxPainter";
const HEADER = "Bearer sandbox";
const NEXT = [
  { id: "html", label: "comfyuiHtml", fault: { kind: "html", on: "prompt" } },
  { id: "500", label: "comfyui500", fault: { kind: "500", on: "prompt" } },
  { id: "hang", label: "comfyuiHang", fault: { kind: "hang", on: "prompt", seconds: 60 } },
  { id: "cut", label: "comfyuiCut", fault: { kind: "cut_after", on: "prompt" } },
  { id: "oom", label: "comfyuiOom", fault: { kind: "oom", on: NODE } },
  { id: "another", label: "comfyuiAnother", fault: { kind: "another", on: "history" } },
];

let place = null;
let shown = "";

const chip = (id, label, onclick) => h("button", { type: "button", class: "chip", dataset: { testid: `comfyui-${id}` }, onclick }, t(label));

const now = async (promise, words) => {
  if ((await attempt(promise)) === undefined) return;
  if (words) toast(words);
  await refresh();
};

/** Redraw what changed; asked only while somebody can see it. */
async function refresh() {
  if (!place || !state.bot || document.hidden || !place.offsetParent) return;
  const [server, faults] = await Promise.all([api.comfyui(), api.comfyuiFaults()]).catch(() => [null]);
  if (!server) return;
  const fresh = JSON.stringify([server, faults]);
  if (fresh === shown) return;
  shown = fresh;
  draw(server, faults);
}

function words(server) {
  if (server.dead) return t("comfyuiDead");
  if (server.held) return t("comfyuiHeld");
  return server.running ? t("comfyuiBusy", { n: server.pending.length }) : t("comfyuiIdle");
}

function draw(server, faults) {
  const change = (switches) => now(api.changeComfyui(switches));
  const isOld = server.version === OLD;
  const isMissing = server.missing_nodes.includes(NODE);
  fill(place,
    h("p", { dataset: { testid: "comfyui-state", running: String(Boolean(server.running)) }, "aria-live": "polite" }, words(server)),
    h("p", { class: "hint" }, `${t("comfyuiDone", { n: Object.keys(server.ended).length })}, ${t("comfyuiFiles", { n: server.files.length })}`),
    h("div", { class: "fault-buttons" },
      chip("hold", server.held ? "comfyuiGo" : "comfyuiHold", () => change({ held: !server.held })),
      chip("restart", "comfyuiRestart", () => now(api.restartComfyui())),
      chip("kill", "comfyuiKill", () => now(api.killComfyuiWorker())),
      chip("silence", "comfyuiSilence", () => now(api.silenceComfyui())),
      chip("drop", "comfyuiDrop", () => now(api.dropComfyuiFiles())),
      chip("version", isOld ? "comfyuiNew" : "comfyuiOld", () => change({ version: isOld ? NEW : OLD })),
      chip("node", isMissing ? "comfyuiInstall" : "comfyuiUninstall", () => change({ missing_nodes: isMissing ? [] : [NODE] })),
      chip("header", server.authorization ? "comfyuiOpen" : "comfyuiDemand", () => change({ authorization: server.authorization ? null : HEADER }))),
    h("p", { class: "hint" }, t("comfyuiNext")),
    h("div", { class: "fault-buttons" }, NEXT.map((one) => chip(one.id, one.label,
      () => now(api.addComfyuiFault(one.fault), t("faultSet", { what: t(one.label) }))))),
    faults.length > 0 && h("p", { class: "hint", dataset: { testid: "comfyui-armed" } }, h("span", {}, t("shopArmed", { n: faults.length })), " ",
      h("button", { type: "button", class: "link small", dataset: { testid: "comfyui-faults-clear" },
        onclick: () => now(api.clearComfyuiFaults(), t("faultsCleared")) }, t("faultsClear"))));
}

setInterval(refresh, EVERY_MS);
on("panel", refresh);
on("person", refresh);

export const comfyui = {
  id: "comfyui",
  title: "comfyuiTitle",
  draw(body) {
    shown = "";
    place = body;
    setTimeout(refresh);
  },
};
