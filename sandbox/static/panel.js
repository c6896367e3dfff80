import { $, fill, h, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { block } from "./panel/block.js";
import { clock } from "./panel/clock.js";
import { cloudpayments } from "./panel/cloudpayments.js";
import { comfyui } from "./panel/comfyui.js";
import { exchange } from "./panel/exchange.js";
import { faults } from "./panel/faults.js";
import { images } from "./panel/images.js";
import { inference } from "./panel/inference.js";
import { log } from "./panel/log.js";
import { mail } from "./panel/mail.js";
import { openai } from "./panel/openai.js";
import { shop } from "./panel/shop.js";
import { stars } from "./panel/stars.js";
import { webapp } from "./panel/webapp.js";
import { emit, on, remembered } from "./state.js";

/**
 * The parts of the panel, top to bottom. A part is `{id, title, draw(body)}`: `title` is a key of the dictionary,
 * `draw` fills the body once and again when the language changes; it may listen to the bus of state.js by itself.
 */
const SECTIONS = [log, shop, cloudpayments, stars, webapp, mail, openai, inference, comfyui, images, exchange, clock, faults, block];

const WIDE = matchMedia("(min-width: 1180px)");

export function mountPanel() {
  const chosen = remembered.get("panel");
  setOpen(WIDE.matches && chosen !== "closed", false);
  on("language", draw);
  $("panel").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !WIDE.matches) setOpen(false);
  });
  WIDE.addEventListener("change", () => setOpen(WIDE.matches && remembered.get("panel") !== "closed", false));
  draw();
}

export function togglePanel() {
  setOpen($("panel").hidden);
  if (!$("panel").hidden && !WIDE.matches) $("panel").querySelector("button").focus();
}

function setOpen(isOpen, isChoice = true) {
  $("panel").hidden = !isOpen;
  if (isChoice && WIDE.matches) remembered.set("panel", isOpen ? "open" : "closed");
  emit("panel");
}

function draw() {
  $("panel").setAttribute("aria-label", t("openPanel"));
  fill(
    $("panel"),
    h("header", { class: "panel-header" }, h("h2", {}, t("sandbox")),
      iconButton("close", t("close"), { onclick: () => setOpen(false), dataset: { testid: "close-panel" } })),
    SECTIONS.map(section),
  );
}

function section({ id, title, draw: drawBody }) {
  const body = h("div", { class: "section-body" });
  drawBody(body);
  return h("details", { class: "section", open: true, dataset: { testid: `panel-${id}` } }, h("summary", {}, t(title)), body);
}
