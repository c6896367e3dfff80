import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { t } from "../i18n.js";
import { emit, on, person, state } from "../state.js";
import { alertDialog, attempt, dialog, toast } from "../toast.js";
import "./words.js";

const WAIT_SECONDS = 15;
const MORE = 1000;

/** What is paid: {title, description, amount, period, target, forwardable}; `target` is what the sandbox is told. */
async function invoiceOf({ slug, message }) {
  if (message) {
    const { title, description, total_amount: amount, start_parameter: parameter } = message.invoice;
    return { title, description, amount, period: null, target: { message_id: message.message_id }, forwardable: !parameter };
  }
  const invoice = await attempt(api.invoice(slug));
  return invoice && { ...invoice, amount: invoice.total_amount, target: { slug }, forwardable: true };
}

/** The sheet in which a person pays. Ends with Telegram's words for Mini Apps: paid, cancelled, failed. */
class PaySheet {
  constructor(invoice, done) {
    this.invoice = invoice;
    this.owner = person();
    this.payer = this.owner;
    this.status = "cancelled";
    this.body = h("div", { class: "pay-body" });
    this.node = dialog({ title: invoice.title, testid: "pay-sheet", className: "pay", onclose: () => done(this.status) }, this.body);
    this.draw();
  }

  async draw() {
    const wallet = await attempt(api.wallet(this.payer.id));
    if (!wallet || !this.node.open) return;
    const { description, amount, period } = this.invoice;
    const missing = amount - wallet.balance;
    fill(this.body,
      h("p", { class: "dialog-text" }, description),
      h("p", { class: "pay-price", dataset: { testid: "pay-price" } }, t(period ? "starsMonthly" : "starsOnce", { n: amount })),
      this.invoice.forwardable && state.people.length > 1 && this.payerChoice(),
      h("p", { class: "hint", dataset: { testid: "pay-balance" } }, t("starsBalance", { n: wallet.balance })),
      missing > 0 && h("p", { class: "hint error" }, t("starsTooFew", { n: missing })),
      h("div", { class: "dialog-actions" },
        h("button", { type: "button", class: "button", dataset: { testid: "pay-cancel" }, onclick: () => this.node.close() }, t("cancel")),
        missing > 0 ? this.adding(wallet.balance) : this.paying()));
    this.node.querySelector(".primary").focus();
  }

  payerChoice() {
    return h("label", { class: "fault-method" }, t("starsPayer"),
      h("select", { dataset: { testid: "pay-payer" }, onchange: (event) => {
        this.payer = state.people.find((one) => String(one.id) === event.target.value);
        this.draw();
      } }, state.people.map((one) => h("option", { value: one.id, selected: one === this.payer },
        one === this.owner || this.invoice.target.slug ? one.first_name : `${one.first_name} (${t("starsForwarded")})`))));
  }

  adding(balance) {
    return h("button", { type: "button", class: "button primary", dataset: { testid: "pay-add" }, onclick: async () => {
      await attempt(api.setStars(this.payer.id, balance + MORE));
      this.draw();
    } }, t("starsAdd", { n: MORE }));
  }

  paying() {
    return h("button", { type: "button", class: "button primary", dataset: { testid: "pay-confirm" },
      onclick: (event) => this.pay(event.currentTarget) }, t("starsPay", { n: this.invoice.amount }));
  }

  async pay(button) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    const of = this.payer === this.owner || this.invoice.target.slug ? {} : { of: this.owner.id };
    const begun = await attempt(api.payInvoice(this.payer.id, { ...this.invoice.target, ...of }));
    const ended = begun && (await attempt(api.checkout(begun.id, WAIT_SECONDS)));
    this.status = ended?.state === "paid" ? "paid" : "failed";
    this.node.close();
    if (ended) this.tell(ended);
  }

  tell({ state: how, error }) {
    if (how === "paid") toast(t("starsDone", { n: this.invoice.amount }));
    else alertDialog(how === "refused" ? error : t("starsLate"), state.bot.first_name);
    emit("stars");
  }
}

/** `asked`: {slug} of a link or {message} with an invoice; `done(status)` hears how it ended. */
async function open({ slug, message, done = () => {} }) {
  if (message?.sandbox.receipt) return alertDialog(`${message.invoice.title}\n${t("starsDone", { n: message.invoice.total_amount })}`, t("starsReceipt"));
  const invoice = await invoiceOf({ slug, message });
  return invoice ? new PaySheet(invoice, done) : done("failed");
}

export const mountStars = () => on("pay", open);
