import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { on, state } from "../state.js";
import { attempt, toast } from "../toast.js";
import "./images_words.js";

const EVERY_MS = 3000;
const WAYS = ["b64", "url"];
const NEXT = { refuse: "imagesRefuse", 429: "images429", 500: "images500", 404: "images404", quota: "imagesQuota", 401: "images401",
  hang: "imagesHang", html: "imagesHtml", broken: "imagesBroken", no_picture: "imagesNoPicture" };

let body = null;
let shown = "";

async function refresh() {
  if (!body || !state.bot || document.hidden || !body.offsetParent) return;
  const server = await api.images().catch(() => null);
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

const chip = (id, label, onclick, pressed) => h("button", { type: "button", class: "chip", "aria-pressed": pressed === undefined ? null : String(pressed),
  dataset: { testid: `images-${id}` }, onclick }, t(label));

function draw(server) {
  const away = server.faults.some((fault) => fault.on === "*" && fault.times === 0);
  fill(body,
    h("p", { class: "hint" }, t("imagesCalls", { n: server.calls })),
    h("label", { class: "fault-method" }, t("imagesHandsOut"),
      h("select", { dataset: { testid: "images-hands-out" }, onchange: (event) => now(api.changeImages({ hands_out: event.target.value })) },
        WAYS.map((way) => h("option", { value: way, selected: way === server.hands_out }, t(`images_${way}`))))),
    h("p", { class: "hint" }, t("imagesNext")),
    h("div", { class: "fault-buttons" }, Object.entries(NEXT).map(([kind, label]) =>
      chip(kind, label, () => now(api.addImagesFault({ kind }), t("faultSet", { what: t(label) }))))),
    h("div", { class: "fault-buttons" },
      chip("away", "imagesAway", () => now(away ? api.clearImagesFaults() : api.addImagesFault({ kind: "503", on: "*", times: 0 })), away)),
    server.faults.length > 0 && h("p", { class: "hint", dataset: { testid: "images-armed" } }, h("span", {}, t("shopArmed", { n: server.faults.length })), " ",
      h("button", { type: "button", class: "link small", dataset: { testid: "images-faults-clear" },
        onclick: () => now(api.clearImagesFaults(), t("faultsCleared")) }, t("faultsClear"))));
}

setInterval(refresh, EVERY_MS);
on("panel", refresh);
on("person", refresh);

export const images = {
  id: "images",
  title: "imagesTitle",
  draw(into) {
    shown = "";
    body = into;
    setTimeout(refresh);
  },
};
