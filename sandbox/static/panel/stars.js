import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { clockTime, t } from "../i18n.js";
import { dayOf } from "../stars/messages.js";
import { on, person, state } from "../state.js";
import { attempt, toast } from "../toast.js";

const SHOWN = 5;
const EVERY_MS = 2000;
const NEXT = [
  { id: "lose", label: "starsLosePayment", fault: { kind: "lose", on: "payment" } },
  { id: "repeat", label: "starsRepeatPayment", fault: { kind: "repeat", on: "payment" } },
  { id: "late", label: "starsLatePayment", fault: { kind: "late", on: "payment" } },
  { id: "lose-query", label: "starsLoseQuery", fault: { kind: "lose", on: "pre_checkout" } },
  { id: "lose-subscription", label: "starsLoseSubscription", fault: { kind: "lose", on: "subscription" } },
];

let place = null;
let shown = "";

async function refresh() {
  if (!place || !state.bot || !person() || document.hidden || !place.offsetParent || place.contains(document.activeElement)) return;
  const [stars, wallet] = await Promise.all([api.stars(), api.wallet(person().id)]).catch(() => [null]);
  const fresh = JSON.stringify([stars, wallet, state.personId]);
  if (!stars || fresh === shown) return;
  shown = fresh;
  fill(place, purse(wallet), h("p", { class: "hint" }, t("starsBot", { n: stars.balance })),
    stars.charges.length ? h("div", { class: "payments" }, stars.charges.slice(-SHOWN).reverse().map(charge),
      stars.subscriptions.slice(-SHOWN).reverse().map(subscription)) : h("p", { class: "hint" }, t("starsNone")),
    stars.faults.length > 0 && h("p", { class: "hint", dataset: { testid: "stars-armed" } },
      t("faultSet", { what: stars.faults.map((one) => `${one.on} ${one.kind}`).join(", ") }), " ",
      button("stars-faults-clear", "faultsClear", () => now(api.clearStarsFaults(), t("faultsCleared")))));
}

const now = async (promise, words) => {
  if ((await attempt(promise)) === undefined) return;
  if (words) toast(words);
  document.activeElement?.blur();
  await refresh();
};

const button = (id, label, onclick) =>
  h("button", { type: "button", class: "link small", dataset: { testid: id }, onclick }, t(label));

const purse = ({ balance }) => h("label", { class: "fault-method" }, t("starsHas", { name: person().first_name }),
  h("input", { type: "number", min: 0, max: 1000000, value: balance, dataset: { testid: "stars-balance" },
    onchange: (event) => event.target.checkValidity() && now(api.setStars(state.personId, Number(event.target.value))) }));

const nameOf = (id) => state.people.find((one) => one.id === id)?.first_name ?? "";

function charge({ id, payer_id: payer, amount, at, returned }) {
  return h("div", { class: "payment", dataset: { testid: "stars-charge", chargeId: id } },
    h("b", {}, `★ ${amount}`), h("span", { class: `state ${returned ? "" : "state-succeeded"}` }, t(returned ? "stars_returned" : "stars_paid")),
    h("time", {}, `${nameOf(payer)}, ${clockTime(at)}`),
    !returned && h("div", { class: "payment-acts" },
      button("stars-refund", "starsRefund", () => now(api.returnCharge(id, "refund"))),
      button("stars-chargeback", "starsChargeback", () => now(api.returnCharge(id, "chargeback")))));
}

function subscription({ id, user_id: user, title, state: how, until, by_bot: byBot }) {
  const act = { active: "cancel", canceled: "resume", failed: "resume" }[how];
  return h("div", { class: "payment", dataset: { testid: "stars-subscription", state: how } },
    h("b", {}, title), h("time", {}, nameOf(user)), h("span", { class: "payment-acts hint" }, t(`stars_${how}`, { date: dayOf(until) })),
    act && !byBot && h("div", { class: "payment-acts" },
      button(`stars-${act}`, act === "cancel" ? "starsCancel" : "starsResume", () => now(api.changeSubscription(id, act)))));
}

setInterval(refresh, EVERY_MS);
for (const name of ["panel", "person", "stars"]) on(name, refresh);

export const stars = {
  id: "stars",
  title: "starsTitle",
  draw(body) {
    shown = "";
    place = h("div", { class: "section-part" });
    body.append(place, h("p", { class: "hint" }, t("starsNext")),
      h("div", { class: "fault-buttons" }, NEXT.map(({ id, label, fault }) => h("button", { type: "button", class: "chip",
        dataset: { testid: `stars-${id}` }, onclick: () => now(api.addStarsFault(fault), t("faultSet", { what: t(label) })) }, t(label)))));
    setTimeout(refresh);
  },
};
