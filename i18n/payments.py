"""Payments and refunds as those who run the shop read them."""

from collections.abc import Sequence
from typing import Final

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus, RefundStatus, StrayStatus
from i18n.plans import bought_plan, period_dates, plan_title
from i18n.translator import Html, Translator
from services.errors import N_
from services.money import Money, rub
from services.notifications.kinds.payments import RefundEnds
from services.payments.providers.reasons import refund_reason
from services.payments.providers.titles import provider_title
from services.payments.queries import PaymentView, RefundView
from services.payments.strays import StrayView
from services.plans.subscriptions import PlanBought

PAYMENT_MARKS: Final = {
    PaymentStatus.PENDING: "⏳",
    PaymentStatus.WAITING_FOR_CAPTURE: "⏳",
    PaymentStatus.SUCCEEDED: "✅",
    PaymentStatus.CANCELED: "✖️",
}
STATUSES: Final = {
    PaymentStatus.PENDING: N_("not paid yet"),
    PaymentStatus.WAITING_FOR_CAPTURE: N_("held, waits to be taken"),
    PaymentStatus.SUCCEEDED: N_("paid"),
    PaymentStatus.CANCELED: N_("canceled"),
}
REFUND_MARKS: Final = {RefundStatus.PENDING: "⏳", RefundStatus.SUCCEEDED: "↩️", RefundStatus.CANCELED: "✖️"}


def money_list(amounts: Sequence[Money], tr: Translator) -> str:
    """Each currency by itself."""
    return " + ".join(map(tr.money, amounts)) or tr.money(rub(0))


def provider_words(payment: PaymentView, tr: Translator) -> str:
    """Who takes the money of a payment."""
    return tr.gettext(provider_title(payment.provider))


def part_of(payment: PaymentView, bought: PlanBought | None, tr: Translator) -> Html:
    """Of which payment money goes back. `bought`: of a plan."""
    amount = tr.money(payment.amount)
    if bought is not None:
        return tr.html("Of the payment of {amount}: {what}", amount=amount, what=bought_plan(bought, tr))
    return tr.html("Of the payment of {amount} for {credits}", amount=amount, credits=tr.credits(payment.credits))


def what_refund_takes(bought: PlanBought | None, tr: Translator, *, whole: bool) -> Html:
    """With the money. `bought`: of a plan; `whole`: nothing of the payment is left then."""
    if bought is None:
        return tr.html("The credits of that part are taken back.")
    if bought.period is None:
        return tr.html("It bought no period, so nothing is taken back.")
    if bought.is_over:
        return tr.html("Its period is over: only credits that are left of it are taken back.")
    if not whole:
        return tr.html("Its period goes on; the credits of that part are taken back.")
    return tr.html(
        "⚠️ Its period ({dates}) ends at once: what is left of its credits and allowances is taken back, and nothing is "
        "charged for the plan any more.",
        dates=period_dates(bought.period, tr),
    )


def what_refund_ended(bought: PlanBought | None, ended: RefundEnds, tr: Translator) -> tuple[Html, ...]:
    """With the money that went back. `bought`: of a plan."""
    if bought is None or ended is RefundEnds.NOTHING:
        return ()
    plan = plan_title(bought.plan, tr)
    if ended is RefundEnds.PLAN:
        return (tr.html("The plan “{plan}” has ended with it; nothing is charged for it any more.", plan=plan),)
    return (tr.html("Its period of the plan “{plan}” has ended with it.", plan=plan),)


def stray_facts(stray: StrayView, tr: Translator) -> Html:
    """By whom, when and as what it came."""
    facts = tr.html(
        "{provider}, {moment}, charge <code>{charge}</code>",
        provider=tr.gettext(provider_title(stray.provider)),
        moment=tr.moment(stray.seen_at),
        charge=stray.charge_id,
    )
    payer = "" if stray.payer_id is None else tr.html(", from Telegram <code>{id}</code>", id=stray.payer_id)
    in_part = stray.returned.minor and stray.status is StrayStatus.KEPT
    part = tr.html(", {amount} went back already", amount=tr.money(stray.returned)) if in_part else ""
    return Html(f"{facts}{payer}{part}")


def refund_notice(refund: RefundView, bought: PlanBought | None, ended: RefundEnds, tr: Translator) -> Html:
    """To who began it. `bought`: of a plan."""
    amount = tr.money(refund.amount)
    if refund.status is RefundStatus.PENDING:
        return tr.html("⏳ The refund of {amount} is under way; the shop follows it.", amount=amount)
    if refund.status is RefundStatus.CANCELED:
        reason = tr.gettext(refund_reason(refund.cancel_reason))
        return tr.html("✖️ The refund of {amount} did not go through: {reason}.", amount=amount, reason=reason)
    gone = tr.html("✅ {amount} went back.", amount=amount)
    return Html(" ".join([gone, *what_refund_ended(bought, ended, tr)]))


def refund_line(refund: RefundView, tr: Translator) -> Html:
    line = tr.html(
        "{mark} {moment} · {amount}, {credits} taken back",
        mark=REFUND_MARKS[refund.status],
        moment=tr.short_moment(refund.created_at),
        amount=tr.money(refund.amount),
        credits=tr.credits(refund.credits_taken),
    )
    if refund.credits_uncollected:
        owed = tr.html("not collected: {credits}", credits=tr.credits(refund.credits_uncollected))
        line = Html(f"{line}, {owed}")
    return line


def money_of_currency(amounts: Sequence[Money], currency: Currency | str) -> Money:
    """Of several sums the one of that currency."""
    return next((each for each in amounts if each.currency == currency), Money(0, currency))
