import * as api from "./api.js";
import { h, iconButton } from "./dom.js";
import { t } from "./i18n.js";
import { state } from "./state.js";
import { dialog, toastError } from "./toast.js";

const SIDE = 560;
const STROKE = 44;

/** A sheet of white paper and a thick black pen; the drawing is sent as a photo. */
export function openDrawing() {
  const canvas = h("canvas", { class: "paper", width: SIDE, height: SIDE, "aria-label": t("drawArea"), role: "img",
    dataset: { testid: "draw-canvas" } });
  const strokes = [];
  const send = h("button", { type: "button", class: "button primary", disabled: true, dataset: { testid: "draw-send" } }, t("send"));
  const undo = iconButton("undo", t("undo"), { disabled: true });
  const clear = iconButton("trash", t("clear"), { disabled: true, dataset: { testid: "draw-clear" } });
  const redraw = () => {
    paint(canvas, strokes);
    for (const button of [send, undo, clear]) button.disabled = strokes.length === 0;
  };
  listen(canvas, strokes, redraw);
  undo.addEventListener("click", () => {
    strokes.pop();
    redraw();
  });
  clear.addEventListener("click", () => {
    strokes.length = 0;
    redraw();
  });
  const node = dialog({ title: t("draw"), testid: "draw-dialog", className: "drawing" },
    h("p", { class: "dialog-text muted" }, t("drawHint")), canvas,
    h("div", { class: "dialog-actions" }, undo, clear, h("span", { class: "grow" }),
      h("button", { type: "button", class: "button", onclick: () => node.close() }, t("cancel")), send));
  send.addEventListener("click", () => sendDrawing(canvas, send, node));
  redraw();
}

function listen(canvas, strokes, redraw) {
  const point = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  };
  let isDown = false;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    isDown = true;
    strokes.push([point(event)]);
    redraw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!isDown) return;
    const moves = event.getCoalescedEvents?.() ?? [];
    strokes.at(-1).push(...(moves.length ? moves : [event]).map(point));
    redraw();
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (isDown = false));
}

function paint(canvas, strokes) {
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, SIDE, SIDE);
  Object.assign(pen, { strokeStyle: "#000", lineWidth: STROKE, lineCap: "round", lineJoin: "round" });
  for (const stroke of strokes) {
    pen.beginPath();
    pen.moveTo(...stroke[0]);
    for (const [at, [x, y]] of stroke.entries()) {
      const [nextX, nextY] = stroke[at + 1] ?? [x, y];
      pen.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    pen.lineTo(...stroke.at(-1));
    pen.stroke();
  }
}

async function sendDrawing(canvas, button, node) {
  button.disabled = true;
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  try {
    await api.upload(state.personId, new File([blob], "drawing.png", { type: "image/png" }), "photo");
    node.close();
  } catch (error) {
    button.disabled = false;
    toastError(error);
  }
}
