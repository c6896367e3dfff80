import { $, fill, h, icon } from "../dom.js";
import { cardWord, chooseLanguage, money, refusal, t } from "./words.js";

const ASK_EVERY_MS = 2000;
const RETURN_AFTER_MS = 2500;
const HERE = location.pathname.replace(/\/$/, "");

let order = null;
let card = null;
/** The transaction for which the bank waits for a code. */
let secured = null;
let isBusy = false;

async function call(path, body) {
  const options = body ? { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {};
  const response = await fetch(`${HERE}/${path}`, options);
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { status: response.status });
  return answer;
}

function take(fresh) {
  const isChanged = order?.status !== fresh.status || order?.code !== fresh.code;
  order = fresh;
  card ??= fresh.cards[0].number;
  if (isChanged && secured === null) draw();
}

async function ask() {
  if (isBusy || document.hidden) return;
  try {
    take(await call("order"));
    if (!order.code) say("");
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
    order = await call(path, body);
    secured = order.secure;
    draw();
    if (order.status === "Paid") returnSoon();
  } catch (error) {
    say(error.status ? error.message : t("offline"));
    if (error.status === 409) {
      secured = null;
      setTimeout(ask);
    }
  } finally {
    isBusy = false;
    $("page").classList.remove("busy");
  }
}

// whoever pays inside the sandbox is taken back by itself; another site is left to a click
function returnSoon() {
  const back = address();
  if (back && new URL(back, location.href).origin === location.origin) setTimeout(() => location.assign(back), RETURN_AFTER_MS);
}

/** The shop's address, if it is one that a link may lead to. */
function address() {
  return /^(https?|tg):/i.test(order?.return_url ?? "") ? order.return_url : null;
}

function say(text) {
  const place = $("trouble");
  if (place) place.textContent = text;
}

function draw() {
  document.title = `${t("title")} · ${money(order.amount)}`;
  if (secured !== null) return drawSecure();
  if (order.status === "Created") return drawForm();
  if (order.status === "Cancelled") return drawEnd("expired", "clock", t("cancelled"), t("cancelledText"));
  const [title, text] = order.held ? ["held", "heldText"] : ["done", "doneText"];
  return drawEnd("paid", "check", t(title), t(text, { shop: order.shop, amount: money(order.amount) }));
}

function drawEnd(state, sign, title, text) {
  const back = address();
  fill($("page"), head(),
    h("section", { class: `end ${state}`, dataset: { testid: "order-state", state } },
      h("div", { class: "sign" }, icon(sign, 34)), h("h1", {}, title), h("p", { class: "muted" }, text),
      back && h("a", { class: "button primary", href: back, dataset: { testid: "order-return" } }, t("back", { shop: order.shop }))));
}

function drawUnknown() {
  fill($("page"), h("section", { class: "end unknown", dataset: { testid: "order-state", state: "unknown" } },
    h("div", { class: "sign" }, icon("close", 34)), h("h1", {}, t("unknown")), h("p", { class: "muted" }, t("unknownText"))));
}

function head() {
  return h("header", { class: "head" }, h("span", { class: "brand" }, icon("check", 18), t("brand")),
    order.test && h("span", { class: "test", dataset: { testid: "order-test" } }, t("test")));
}

function drawSecure() {
  const end = (passed) => act("secure", { transaction: secured, passed });
  fill($("page"), head(),
    h("form", { class: "secure", dataset: { testid: "order-secure" }, onsubmit: (event) => {
      event.preventDefault();
      return end(true);
    } },
    h("h1", {}, t("secure")), h("p", { class: "muted" }, `${money(order.amount)} · ${order.shop}`), h("p", { class: "muted" }, t("secureText")),
    h("label", {}, t("smsCode"), h("input", { inputmode: "numeric", autocomplete: "off", maxlength: 6, value: "1234", dataset: { testid: "secure-code" } })),
    h("p", { class: "trouble", id: "trouble", role: "alert" }),
    h("button", { type: "submit", class: "button primary", dataset: { testid: "secure-pass" } }, t("confirm")),
    h("button", { type: "button", class: "link", dataset: { testid: "secure-fail" }, onclick: () => end(false) }, t("wrong"))));
}

function drawForm() {
  const back = address();
  fill($("page"), head(),
    h("section", { class: "what", dataset: { testid: "order-state", state: "pending" } },
      h("p", { class: "amount", dataset: { testid: "order-amount" } }, money(order.amount)),
      h("p", { class: "shop" }, t("to", { shop: order.shop })),
      h("p", { class: "muted", dataset: { testid: "order-description" } }, order.description),
      h("p", { class: "muted" }, t("email", { email: order.email }))),
    cardForm(),
    h("p", { class: "trouble", id: "trouble", role: "alert", dataset: { testid: "order-trouble" } },
      order.code ? t("declined", { reason: refusal(order.code) }) : ""),
    declineForm(),
    back && h("footer", { class: "foot" }, h("a", { class: "leave", href: back, dataset: { testid: "order-leave" } }, t("leave"))));
}

const spaced = (digits) => digits.replace(/\D/g, "").replace(/(\d{4})(?=\d)/g, "$1 ");

function cardForm() {
  const number = h("input", { id: "number", inputmode: "numeric", autocomplete: "off", maxlength: 23, value: spaced(card),
    dataset: { testid: "card-number" }, oninput: () => { number.value = spaced(number.value); } });
  const choose = h("select", { dataset: { testid: "test-card" }, onchange: () => { number.value = spaced(card = choose.value); } },
    order.cards.map((one) => h("option", { value: one.number, selected: one.number === card },
      `${one.type} ·${one.number.slice(-4)} — ${cardWord(one.number)}`)));
  return h("form", { class: "pay", onsubmit: (event) => {
    event.preventDefault();
    const digits = number.value.replace(/\D/g, "");
    if (digits.length < 16 || digits.length > 19) return say(t("badCard"));
    card = digits;
    return act("pay", { number: digits });
  } },
  h("label", { class: "wide" }, t("testCard"), choose),
  h("label", { class: "wide" }, t("number"), number),
  h("label", {}, t("expiry"), h("input", { inputmode: "numeric", autocomplete: "off", maxlength: 5, value: "12/33" })),
  h("label", {}, t("code"), h("input", { inputmode: "numeric", autocomplete: "off", maxlength: 4, value: "123" })),
  h("button", { type: "submit", class: "button primary wide", dataset: { testid: "pay" } }, t("pay", { amount: money(order.amount) })));
}

function declineForm() {
  const choice = h("select", { dataset: { testid: "decline-code" } },
    order.codes.map((code) => h("option", { value: code, selected: code === 5051 }, `${code} · ${refusal(code)}`)));
  return h("details", { class: "decline" }, h("summary", { dataset: { testid: "decline-open" } }, t("declineTitle")),
    h("p", { class: "muted" }, t("declineHint")), h("label", {}, t("reason"), choice),
    h("button", { type: "button", class: "button danger", dataset: { testid: "decline" },
      onclick: () => act("pay", { number: "4000000000003055", code: Number(choice.value) }) }, t("decline")));
}

async function begin() {
  chooseLanguage();
  try {
    const fresh = await call("order");
    chooseLanguage(fresh.locale);
    take(fresh);
  } catch (error) {
    if (error.status === 404) return drawUnknown();
    fill($("page"), h("p", { class: "muted" }, t("offline")));
  }
  setInterval(ask, ASK_EVERY_MS);
  document.addEventListener("visibilitychange", ask);
  return undefined;
}

begin();
