import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { toggleBlock } from "../people.js";
import { on, person } from "../state.js";

let place = null;

function redraw() {
  const me = person();
  if (!place || !me) return;
  fill(place,
    h("p", { class: "hint" }, t("blockHint", { name: me.first_name })),
    h("button", { type: "button", class: `button ${me.blocked ? "primary" : "danger"}`, dataset: { testid: "panel-block-toggle" },
      onclick: () => toggleBlock(person()) }, t(me.blocked ? "unblock" : "block")));
}

on("person", redraw);
on("people", redraw);

export const block = {
  id: "block",
  title: "blockTitle",
  draw(body) {
    place = body;
    redraw();
  },
};
