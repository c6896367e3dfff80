import * as api from "../api.js";
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { attempt, toast } from "../toast.js";

const METHODS = ["*", "sendMessage", "editMessageText", "sendMessageDraft", "sendPhoto", "answerCallbackQuery", "getFile", "getUpdates"];
const KINDS = [
  { label: "fault429", fault: { kind: "429", retry_after: 3 } },
  { label: "fault400", fault: { kind: "400" } },
  { label: "fault502", fault: { kind: "502" } },
  { label: "faultCut", fault: { kind: "cut" } },
  { label: "faultSlow", fault: { kind: "slow", seconds: 5 } },
];

let method = "*";

async function arm({ label, fault }) {
  const isSet = await attempt(api.addFault({ method, times: 1, ...fault }));
  if (isSet === undefined) return;
  const where = method === "*" ? t("anyMethod") : method;
  toast(t("faultSet", { what: `${t(label)}, ${where}` }));
}

async function disarm() {
  if ((await attempt(api.clearFaults())) !== undefined) toast(t("faultsCleared"));
}

export const faults = {
  id: "faults",
  title: "faults",
  draw(body) {
    const choice = h("select", { dataset: { testid: "fault-method" }, onchange: (event) => (method = event.target.value) },
      METHODS.map((name) => h("option", { value: name, selected: name === method }, name === "*" ? t("anyMethod") : name)));
    body.append(
      h("p", { class: "hint" }, t("faultsHint")),
      h("label", { class: "fault-method" }, t("faultMethod"), choice),
      h("div", { class: "fault-buttons" }, KINDS.map((kind) => h("button", { type: "button", class: "chip",
        dataset: { testid: `fault-${kind.fault.kind}` }, onclick: () => arm(kind) }, t(kind.label)))),
      h("button", { type: "button", class: "link small", dataset: { testid: "faults-clear" }, onclick: disarm }, t("faultsClear")),
    );
  },
};
