import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { clockTime, t } from "../i18n.js";
import { on, state } from "../state.js";
import { attempt, toast } from "../toast.js";
import "./shop_words.js";

const SHOWN = 6;
const LOOK_BACK = 40;
const EVERY_MS = 2000;
const NEXT_NOTIFICATION = [
  { id: "lose", label: "hookLose", fault: { kind: "lose" } },
  { id: "repeat", label: "hookRepeat", fault: { kind: "repeat", copies: 2 } },
  { id: "delay", label: "hookDelay", fault: { kind: "delay", seconds: 30 } },
  { id: "reorder", label: "hookReorder", fault: { kind: "reorder", seconds: 60 } },
];
const NEXT_CALL = [
  { id: "500", label: "api500", fault: { kind: "500" } },
  { id: "500-after", label: "api500After", fault: { kind: "500_after" } },
  { id: "html", label: "apiHtml", fault: { kind: "html" } },
  { id: "cut", label: "apiCut", fault: { kind: "cut_after" } },
  { id: "hang", label: "apiHang", fault: { kind: "hang", seconds: 60 } },
];

let list = null;
let armed = null;
let shown = "";

/** Redraw what changed; asked only while somebody can see it. */
async function refresh() {
  if (!list || !state.bot || document.hidden || !list.offsetParent) return;
  const [payments, hooks, faults] = await Promise.all([api.payments(SHOWN), api.webhooks(LOOK_BACK), api.shopFaults()])
    .catch(() => [null]);
  if (!payments) return;
  const fresh = JSON.stringify([payments, hooks, faults]);
  if (fresh === shown) return;
  shown = fresh;
  fill(list, payments.length ? payments.map((payment) => row(payment, hooks)) : h("p", { class: "hint" }, t("shopEmpty")));
  fill(armed, faults.length > 0 && [h("span", {}, t("shopArmed", { n: faults.length })), " ",
    h("button", { type: "button", class: "link small", dataset: { testid: "shop-faults-clear" }, onclick: disarm }, t("faultsClear"))]);
}

const now = async (promise, words) => {
  if ((await attempt(promise)) === undefined) return;
  if (words) toast(words);
  await refresh();
};

const arm = ({ label, fault }) => now(api.addShopFault(fault), t("faultSet", { what: t(label) }));
const disarm = () => now(api.clearShopFaults(), t("faultsCleared"));

function row(payment, hooks) {
  const hook = hooks.findLast((one) => one.body.includes(payment.id));
  const { value, currency } = payment.amount;
  const refunded = Number(payment.refunded_amount?.value ?? 0);
  const word = refunded ? "refunded" : payment.status;
  const button = (id, label, onclick) => h("button", { type: "button", class: "link small", dataset: { testid: id }, onclick }, t(label));
  return h("div", { class: "payment", dataset: { testid: "shop-payment", paymentId: payment.id, status: payment.status } },
    h("b", {}, `${value} ${currency === "RUB" ? "₽" : currency}`), h("span", { class: `state state-${word}` }, t(`payment_${word}`)),
    h("time", {}, clockTime(Date.parse(payment.created_at) / 1000)),
    h("div", { class: "payment-acts" },
      payment.confirmation && h("a", { class: "link small", href: payment.confirmation.confirmation_url, target: "_blank", rel: "noopener",
        dataset: { testid: "shop-checkout" } }, t("shopCheckout")),
      payment.status === "pending" && button("shop-pay", "shopPay", () => now(api.pay(payment.id))),
      payment.refundable && button("shop-refund", "shopRefund", () => now(api.refund(payment.id))),
      hook && h("span", { class: `hook hook-${hook.status}`, title: hook.event }, t(`hook_${hook.status}`)),
      hook && button("webhook-send", "hookSend", () => now(api.sendWebhook(hook.n)))));
}

const chips = (kinds, prefix) => h("div", { class: "fault-buttons" }, kinds.map((one) => h("button", { type: "button", class: "chip",
  dataset: { testid: `${prefix}-${one.id}` }, onclick: () => arm(one) }, t(one.label))));

setInterval(refresh, EVERY_MS);
on("panel", refresh);
on("person", refresh);

export const shop = {
  id: "shop",
  title: "shopTitle",
  draw(body) {
    shown = "";
    list = h("div", { class: "payments", dataset: { testid: "shop-payments" } });
    armed = h("p", { class: "hint", dataset: { testid: "shop-armed" } });
    body.append(list, h("p", { class: "hint" }, t("hookNext")), chips(NEXT_NOTIFICATION, "webhook"),
      h("p", { class: "hint" }, t("apiNext")), chips(NEXT_CALL, "shop-api"), armed);
    setTimeout(refresh);
  },
};
