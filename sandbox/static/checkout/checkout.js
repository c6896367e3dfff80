import { $, fill, h, icon } from "../dom.js";
import { likeness } from "./qr.js";
import { chooseLanguage, money, reasonText, t } from "./words.js";

const ASK_EVERY_MS = 2000;
const RETURN_AFTER_MS = 2500;
const HERE = location.pathname.replace(/\/$/, "");
/** Any card pays; these are the test numbers that YooKassa's documentation gives. */
const CARDS = [
  { name: "MasterCard", number: "5555555555554477" },
  { word: "mir", number: "2202474301322987" },
  { name: "Visa", number: "4111111111111111" },
];

let payment = null;
let method = null;
let card = CARDS[0];
let isBusy = false;
let deadline = 0;

async function call(path, body) {
  const options = body ? { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {};
  const response = await fetch(`${HERE}/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
  return answer;
}

function take(fresh) {
  const isChanged = payment?.status !== fresh.status || payment?.amount.value !== fresh.amount.value;
  payment = fresh;
  deadline = Date.now() + fresh.seconds_left * 1000;
  method ??= fresh.methods[0];
  if (isChanged) draw();
}

async function ask() {
  if (isBusy || document.hidden) return;
  try {
    take(await call("payment"));
    say("");
  } catch (error) {
    if (error.status === 404) drawUnknown();
    else say(t("offline"));
  }
}

async function act(path, body) {
  if (isBusy) return;
  isBusy = true;
  $("page").classList.add("busy");
  try {
    take(await call(path, body));
    if (isPaid()) returnSoon();
  } catch (error) {
    say(error.status ? error.message : t("offline"));
    if (error.status === 409) setTimeout(ask);
  } finally {
    isBusy = false;
    $("page").classList.remove("busy");
  }
}

const isPaid = () => payment.status === "succeeded" || payment.status === "waiting_for_capture";

// whoever pays inside the sandbox is taken back by itself; another site is left to a click
function returnSoon() {
  const back = address();
  if (back && new URL(back, location.href).origin === location.origin) setTimeout(() => location.assign(back), RETURN_AFTER_MS);
}

/** The shop's address, if it is one that a link may lead to. */
function address() {
  return /^(https?|tg):/i.test(payment?.return_url ?? "") ? payment.return_url : null;
}

function say(text) {
  const place = $("trouble");
  if (place) place.textContent = text;
}

function draw() {
  document.title = `${t("title")} · ${money(payment.amount)}`;
  if (payment.status === "pending") return drawPending();
  if (payment.status === "canceled") return drawCanceled();
  const [title, text] = payment.status === "succeeded" ? ["done", "doneText"] : ["held", "heldText"];
  return drawEnd("paid", "check", t(title), t(text, { shop: payment.shop, amount: money(payment.amount) }));
}

function drawCanceled() {
  if (payment.reason === "expired_on_confirmation") return drawEnd("expired", "clock", t("expired"), t("expiredText"));
  return drawEnd("canceled", "close", t("canceled"), t("canceledText"), reasonText(payment.reason));
}

function drawEnd(state, sign, title, text, reason) {
  const back = address();
  fill($("page"), head(),
    h("section", { class: `end ${state}`, dataset: { testid: "checkout-state", state } },
      h("div", { class: "sign" }, icon(sign, 34)), h("h1", {}, title),
      reason && h("p", { class: "why", dataset: { testid: "checkout-reason" } }, reason), h("p", { class: "muted" }, text),
      back && h("a", { class: "button primary", href: back, dataset: { testid: "checkout-return" } }, t("back", { shop: payment.shop }))));
}

function drawUnknown() {
  payment = null;
  fill($("page"), h("section", { class: "end unknown", dataset: { testid: "checkout-state", state: "unknown" } },
    h("div", { class: "sign" }, icon("close", 34)), h("h1", {}, t("unknown")), h("p", { class: "muted" }, t("unknownText"))));
}

function head() {
  return h("header", { class: "head" }, h("span", { class: "brand" }, icon("check", 18), t("sandbox")),
    payment.test && h("span", { class: "test", dataset: { testid: "checkout-test" } }, t("test")));
}

function drawPending() {
  const back = address();
  fill($("page"), head(),
    h("section", { class: "what", dataset: { testid: "checkout-state", state: "pending" } },
      h("p", { class: "amount", dataset: { testid: "checkout-amount" } }, money(payment.amount)),
      h("p", { class: "shop", dataset: { testid: "checkout-shop" } }, t("to", { shop: payment.shop })),
      payment.description && h("p", { class: "muted", dataset: { testid: "checkout-description" } }, payment.description)),
    tabs(), method === "sbp" ? sbpForm() : cardForm(),
    h("p", { class: "trouble", id: "trouble", role: "alert", dataset: { testid: "checkout-trouble" } }),
    declineForm(),
    h("footer", { class: "foot" },
      back && h("a", { class: "leave", href: back, dataset: { testid: "checkout-leave" } }, t("leave")),
      h("p", { class: "muted", id: "left" })));
  tick();
}

function tabs() {
  if (payment.methods.length < 2) return null;
  const labels = { bank_card: t("card"), sbp: t("sbp") };
  return h("div", { class: "tabs", role: "tablist" }, payment.methods.map((kind) => h("button", { type: "button", role: "tab",
    "aria-selected": String(kind === method), dataset: { testid: `method-${kind === "sbp" ? "sbp" : "card"}` },
    onclick: () => { method = kind; drawPending(); $("page").querySelector('[aria-selected="true"]').focus(); } }, labels[kind])));
}

const spaced = (digits) => digits.replace(/\D/g, "").replace(/(\d{4})(?=\d)/g, "$1 ");

function cardForm() {
  const number = h("input", { id: "number", inputmode: "numeric", autocomplete: "off", maxlength: 23, value: spaced(card.number),
    dataset: { testid: "card-number" }, oninput: () => { number.value = spaced(number.value); } });
  const choose = (one) => { card = one; drawPending(); };
  return h("form", { class: "pay", onsubmit: (event) => {
    event.preventDefault();
    const digits = number.value.replace(/\D/g, "");
    if (digits.length < 16 || digits.length > 19) return say(t("badCard"));
    return act("pay", { method: "card", number: digits });
  } },
  h("div", { class: "cards", role: "group", "aria-label": t("testCard") }, CARDS.map((one) => h("button", { type: "button", class: "chip",
    "aria-pressed": String(one === card), dataset: { testid: "test-card" }, onclick: () => choose(one) }, `${one.name ?? t(one.word)} ·${one.number.slice(-4)}`))),
  h("label", { class: "wide" }, t("number"), number),
  h("label", {}, t("expiry"), h("input", { inputmode: "numeric", autocomplete: "off", maxlength: 5, value: "12/33", dataset: { testid: "card-expiry" } })),
  h("label", {}, t("code"), h("input", { inputmode: "numeric", autocomplete: "off", maxlength: 4, value: "123", dataset: { testid: "card-code" } })),
  payment.saves && h("p", { class: "muted wide" }, t("saves")),
  payButton("pay"));
}

function sbpForm() {
  return h("form", { class: "pay sbp", onsubmit: (event) => { event.preventDefault(); act("pay", { method: "sbp" }); } },
    h("div", { class: "paper wide", dataset: { testid: "sbp-code" } }, likeness(payment.id, t("qrLabel"))),
    h("p", { class: "muted wide" }, t("qrHint")), payButton("qrPaid"));
}

const payButton = (word) => h("button", { type: "submit", class: "button primary wide", dataset: { testid: "pay" } },
  t(word, { amount: money(payment.amount) }));

function declineForm() {
  const choice = h("select", { dataset: { testid: "decline-reason" } },
    payment.reasons.map((reason) => h("option", { value: reason }, reasonText(reason))));
  return h("details", { class: "decline", dataset: { testid: "decline-panel" } }, h("summary", { dataset: { testid: "decline-open" } }, t("declineTitle")),
    h("p", { class: "muted" }, t("declineHint")), h("label", {}, t("reason"), choice),
    h("button", { type: "button", class: "button danger", dataset: { testid: "decline" },
      onclick: () => act("decline", { reason: choice.value }) }, t("decline")));
}

function tick() {
  const place = $("left");
  if (!place) return;
  const seconds = Math.max(0, Math.round((deadline - Date.now()) / 1000));
  place.textContent = t("minutes", { time: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` });
}

async function begin() {
  chooseLanguage();
  try {
    const fresh = await call("payment");
    chooseLanguage(fresh.locale);
    take(fresh);
  } catch (error) {
    if (error.status === 404) return drawUnknown();
    fill($("page"), h("p", { class: "muted" }, t("offline")));
  }
  setInterval(ask, ASK_EVERY_MS);
  setInterval(tick, 1000);
  document.addEventListener("visibilitychange", ask);
  return undefined;
}

begin();
