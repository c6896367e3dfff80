"""Payments: the latest, one of them, refunds."""

from collections.abc import Mapping, Sequence
from typing import Final

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import confirmation, notice_first, panel_button, question
from handlers.kit import buttons as keyboards
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.payments import PAYMENT_MARKS, STATUSES, part_of, provider_words, refund_line, what_refund_takes
from i18n.people import plain_name
from i18n.plans import bought_period, bought_plan
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.errors import N_
from services.money import Money
from services.pages import Page
from services.payments.providers.reasons import payment_reason
from services.payments.queries import PaymentView, RefundView
from services.payments.refunds.begin import RefundNeedsConfirmation, RefundQuote
from services.plans.subscriptions import PlanBought
from services.users.search import UserLine

FIND: Final = "find"
ASK: Final = "ask"
WHOLE: Final = "whole"
PART: Final = "part"

REFUND_QUESTIONS: Final = {
    Currency.RUB: N_("How many roubles shall go back?"),
    Currency.XTR: N_("How many Stars shall go back?"),
}


def payments_screen(page: Page[PaymentView], customers: Mapping[int, UserLine], tr: Translator) -> Screen:
    head = tr.html("<b>💰 Payments</b>, the newest first")
    text = notice_first("", head, "" if page.items else tr.html("Nobody has paid yet."))
    rows: list[keyboards.Row] = [
        (Button(text=_button(each, customers[each.user_id], tr), action=names.action(names.PAYMENT, each.id.hex)),)
        for each in page.items
    ]
    turn = keyboards.pages_row(tr, page=page.page, pages=page.pages, action=lambda to: names.action(names.PAYMENTS, to))
    rows += [turn] if turn else []
    rows.append((Button(text=tr.gettext("🔎 By number"), action=names.action(names.PAYMENTS, FIND)),))
    rows.append((Button(text=tr.gettext("❔ Stray payments"), action=names.STRAYS),))
    return Screen(text=text, rows=(*rows, (panel_button(tr),)))


def find_question(tr: Translator, *, problem: str = "") -> Screen:
    text = tr.html("Send the payment's number: the shop's or the payment service's.")
    return question(text, tr, back=names.PAYMENTS, problem=problem)


def payment_screen(
    payment: PaymentView,
    refunds: Sequence[RefundView],
    quote: RefundQuote | None,
    tr: Translator,
    *,
    customer: str,
    bought: PlanBought | None,
    role: Role,
    notice: str = "",
) -> Screen:
    """`quote`: what can be sent back, None for nothing; `bought`: of a plan; `customer`, `notice`: HTML."""
    parts = [_facts(payment, bought, customer, tr)]
    if refunds:
        parts.append(Html("\n".join([tr.html("<b>Refunds</b>"), *(refund_line(each, tr) for each in refunds)])))
    if quote is not None and quote.rest.minor:
        parts.append(_quote(quote, tr))
    rows = _actions(payment, quote, tr, role=role)
    rows.append((keyboards.back_button(tr, names.PAYMENTS), panel_button(tr)))
    return Screen(text=notice_first(notice, *parts), rows=tuple(rows))


def amount_question(payment: PaymentView, quote: RefundQuote, tr: Translator, *, problem: str = "") -> Screen:
    text = notice_first("", tr.html(REFUND_QUESTIONS[Currency(quote.rest.currency)]), _quote(quote, tr))
    return question(text, tr, back=names.action(names.PAYMENT, payment.id.hex), problem=problem)


def reason_question(payment: PaymentView, tr: Translator, *, limit: int, problem: str = "") -> Screen:
    text = tr.html("For what reason? At most {max} characters.", max=limit)
    return question("" if problem else text, tr, back=names.action(names.PAYMENT, payment.id.hex), problem=problem)


def refund_confirmation(
    payment: PaymentView,
    tr: Translator,
    *,
    customer: str,
    bought: PlanBought | None,
    amount: Money,
    whole: bool,
    reason: str,
    nonce: str,
) -> Screen:
    """`customer`: HTML; `whole`: nothing of the payment is left then."""
    lines = [
        tr.html("Send <b>{amount}</b> back to {name}?", amount=tr.money(amount), name=Html(customer)),
        part_of(payment, bought, tr),
        what_refund_takes(bought, tr, whole=whole),
        tr.html("Reason: {reason}", reason=reason),
    ]
    back = names.action(names.PAYMENT, payment.id.hex)
    return confirmation("\n".join(lines), tr, yes=tr.gettext("↩️ Refund"), nonce=nonce, back=back)


def second_confirmation(payment: PaymentView, problem: RefundNeedsConfirmation, nonce: str, tr: Translator) -> Screen:
    """The credits are spent already."""
    text = Html(f"⚠️ {tr.error_html(problem)}")
    back = names.action(names.PAYMENT, payment.id.hex)
    return confirmation(text, tr, yes=tr.gettext("↩️ Refund all the same"), nonce=nonce, back=back)


def _facts(payment: PaymentView, bought: PlanBought | None, customer: str, tr: Translator) -> Html:
    lines = [
        *_sum(payment, bought, tr),
        tr.html("State: <b>{state}</b>", state=tr.gettext(STATUSES[payment.status])),
    ]
    if payment.status is PaymentStatus.CANCELED:
        lines.append(tr.escape(tr.gettext(payment_reason(payment.cancel_reason))))
    if payment.test:
        lines.append(tr.html("A payment of a test shop"))
    lines += [
        tr.html("Customer: {name}, #{id}", name=Html(customer), id=payment.user_id),
        tr.html("Begun: {moment}", moment=tr.moment(payment.created_at)),
    ]
    if payment.paid_at is not None:
        lines.append(tr.html("Paid: {moment}", moment=tr.moment(payment.paid_at)))
    lines.append(tr.html("Number: <code>{id}</code>", id=payment.id))
    if payment.number_there is not None:
        provider = provider_words(payment, tr)
        lines.append(tr.html("At {provider}: <code>{id}</code>", provider=provider, id=payment.number_there))
    if payment.card is not None:
        lines.append(tr.html("Card: {card}", card=payment.card))
    return Html("\n".join(lines))


def _quote(quote: RefundQuote, tr: Translator) -> Html:
    lines = [tr.html("Up to {amount} can go back.", amount=tr.money(quote.rest))]
    if quote.covered.minor < quote.rest.minor:
        lines.append(tr.html("Only for {amount} of it are the credits still there.", amount=tr.money(quote.covered)))
    return Html("\n".join(lines))


def _actions(payment: PaymentView, quote: RefundQuote | None, tr: Translator, *, role: Role) -> list[keyboards.Row]:
    def button(text: str, verb: str) -> Button:
        return Button(text=text, action=names.action(names.PAYMENT, payment.id.hex, verb))

    rows: list[keyboards.Row] = []
    if role is not Role.MODERATOR and payment.status is not PaymentStatus.SUCCEEDED:
        rows.append((button(tr.gettext("🔄 Ask {provider} now", provider=provider_words(payment, tr)), ASK),))
    if role is not Role.MODERATOR and quote is not None and quote.rest.minor:
        whole = tr.gettext("↩️ Refund {amount}", amount=tr.money(quote.rest))
        part = () if quote.rest.currency == Currency.XTR else (button(tr.gettext("✂️ A part"), PART),)
        rows.append((button(whole, WHOLE), *part))
    rows.append((Button(text=tr.gettext("👤 Customer"), action=names.action(names.USER, payment.user_id)),))
    return rows


def _sum(payment: PaymentView, bought: PlanBought | None, tr: Translator) -> list[Html]:
    mark, amount = PAYMENT_MARKS[payment.status], tr.money(payment.amount)
    if bought is None:
        credits_ = tr.credits(payment.credits)
        return [tr.html("{mark} <b>{amount}</b> for {credits}", mark=mark, amount=amount, credits=credits_)]
    head = tr.html("{mark} <b>{amount}</b>: {what}", mark=mark, amount=amount, what=bought_plan(bought, tr))
    return [head, bought_period(bought, tr)]


def _button(payment: PaymentView, customer: UserLine, tr: Translator) -> str:
    mark, amount = PAYMENT_MARKS[payment.status], tr.money(payment.amount)
    return cut_plain(f"{mark} {tr.short_moment(payment.created_at)} · {amount} · {plain_name(customer, tr)}", BUTTON)
