import * as api from "../api.js";
import { refusal, chooseLanguage } from "../cloudpayments/words.js";
import { fill, h } from "../dom.js";
import { clockTime, currentLanguage, t } from "../i18n.js";
import { on, state } from "../state.js";
import { attempt, toast } from "../toast.js";
import "./cloudpayments_words.js";

const SHOWN = 6;
const LOOK_BACK = 40;
const EVERY_MS = 2000;
const NEXT_NOTIFICATION = [
  { id: "lose", label: "hookLose", fault: { kind: "lose" } },
  { id: "repeat", label: "hookRepeat", fault: { kind: "repeat", copies: 2 } },
  { id: "delay", label: "hookDelay", fault: { kind: "delay", seconds: 30 } },
  { id: "lose-check", label: "cloudLoseCheck", fault: { kind: "lose", on: "check" } },
];
const NEXT_CALL = [
  { id: "500", label: "api500", fault: { kind: "500" } },
  { id: "500-after", label: "api500After", fault: { kind: "500_after" } },
  { id: "cut", label: "apiCut", fault: { kind: "cut_after" } },
  { id: "hang", label: "apiHang", fault: { kind: "hang", seconds: 60 } },
];
/** What the bank may say of a kept card; 0: it pays. */
const LATER = [0, 5051, 5054, 5005, 5091, 6025];

let list = null;
let armed = null;
let shown = "";

/** Redraw what changed; asked only while somebody can see it. */
async function refresh() {
  if (!list || !state.bot || document.hidden || !list.offsetParent || list.contains(document.activeElement)) return;
  const [orders, transactions, tokens, hooks, faults] = await Promise.all([
    api.cloudOrders(SHOWN), api.cloudTransactions(SHOWN), api.cloudTokens(), api.cloudWebhooks(LOOK_BACK), api.cloudFaults(),
  ]).catch(() => [null]);
  if (!orders) return;
  const fresh = JSON.stringify([orders, transactions, tokens, hooks, faults, currentLanguage()]);
  if (fresh === shown) return;
  shown = fresh;
  chooseLanguage(currentLanguage());
  const open = orders.filter((order) => order.Status === "Created");
  fill(list, open.length + transactions.length ? [open.map(orderRow), transactions.map((one) => row(one, hooks))] : h("p", { class: "hint" }, t("cloudEmpty")),
    tokens.slice(-SHOWN).map(tokenRow));
  fill(armed, faults.length > 0 && [h("span", {}, t("shopArmed", { n: faults.length })), " ",
    h("button", { type: "button", class: "link small", dataset: { testid: "cloud-faults-clear" }, onclick: disarm }, t("faultsClear"))]);
}

const now = async (promise, words) => {
  if ((await attempt(promise)) === undefined) return;
  if (words) toast(words);
  document.activeElement?.blur();
  await refresh();
};

const arm = ({ label, fault }) => now(api.addCloudFault(fault), t("faultSet", { what: t(label) }));
const disarm = () => now(api.clearCloudFaults(), t("faultsCleared"));
const button = (id, label, onclick) =>
  h("button", { type: "button", class: "link small", dataset: { testid: id }, onclick }, t(label));
const sum = ({ Amount: amount, Currency: currency }) => `${amount.toFixed(2)} ${currency === "RUB" ? "₽" : currency}`;
const moment = (iso) => clockTime(Date.parse(`${iso}Z`) / 1000);

function orderRow(order) {
  return h("div", { class: "payment", dataset: { testid: "cloud-order", orderId: order.Id } },
    h("b", {}, sum(order)), h("span", { class: "state" }, t("payment_pending")), h("time", {}, moment(order.CreatedDateIso)),
    h("div", { class: "payment-acts" },
      h("a", { class: "link small", href: order.Url, target: "_blank", rel: "noopener", dataset: { testid: "cloud-page" } }, t("cloudPage")),
      button("cloud-pay", "shopPay", () => now(api.cloudPay(order.Id)))));
}

const COLOURS = { Completed: "succeeded", Declined: "canceled" };

function row(one, hooks) {
  const hook = hooks.findLast((told) => told.object_id === String(one.TransactionId) && told.event !== "check");
  const word = one.Type === 1 ? t("payment_refunded") : one.Status === "Declined" ? refusal(one.ReasonCode) : t(`cloud_${one.Status}`);
  const returnable = one.Type === 0 && one.Status === "Completed";
  return h("div", { class: "payment", dataset: { testid: "cloud-transaction", status: one.Status } },
    h("b", {}, sum(one)), h("span", { class: `state state-${one.Type === 1 ? "refunded" : COLOURS[one.Status]}` }, word),
    h("time", {}, moment(one.CreatedDateIso)),
    h("div", { class: "payment-acts" },
      returnable && button("cloud-refund", "shopRefund", () => now(api.cloudReturn(one.TransactionId, "refund"))),
      returnable && button("cloud-chargeback", "starsChargeback", () => now(api.cloudReturn(one.TransactionId, "chargeback"))),
      hook && h("span", { class: `hook hook-${hook.status}`, title: hook.event }, t(`hook_${hook.status}`)),
      hook && button("cloud-send", "hookSend", () => now(api.sendCloudWebhook(hook.n)))));
}

function tokenRow({ token, account, card, declines }) {
  const choice = h("select", { dataset: { testid: "cloud-token" }, onchange: () => now(api.changeCloudToken(token, Number(choice.value))) },
    LATER.map((code) => h("option", { value: code, selected: code === declines }, code ? refusal(code) : t("cloudPays"))));
  return h("label", { class: "fault-method" }, t("cloudKept", { card: card.slice(-4), account }), choice);
}

const chips = (kinds, prefix) => h("div", { class: "fault-buttons" }, kinds.map((one) => h("button", { type: "button", class: "chip",
  dataset: { testid: `${prefix}-${one.id}` }, onclick: () => arm(one) }, t(one.label))));

setInterval(refresh, EVERY_MS);
on("panel", refresh);
on("person", refresh);

export const cloudpayments = {
  id: "cloudpayments",
  title: "cloudTitle",
  draw(body) {
    shown = "";
    list = h("div", { class: "payments", dataset: { testid: "cloud-transactions" } });
    armed = h("p", { class: "hint", dataset: { testid: "cloud-armed" } });
    body.append(list, h("p", { class: "hint" }, t("hookNext")), chips(NEXT_NOTIFICATION, "cloud-hook"),
      h("p", { class: "hint" }, t("cloudNext")), chips(NEXT_CALL, "cloud-api"), armed);
    setTimeout(refresh);
  },
};
