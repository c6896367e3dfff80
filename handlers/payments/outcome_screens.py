"""What became of payments and refunds, as messages."""

from handlers.kit import buttons
from handlers.kit.unfinished import Unfinished
from handlers.telegram.screen import Screen
from i18n import news
from i18n.plans import moment_of_charge, standing
from i18n.top_up import bought_words
from i18n.translator import Html, Translator
from services.billing.statement import Expiring
from services.notifications.kinds.payments import RefundEnds
from services.payments.providers.reasons import payment_reason
from services.payments.queries import PaymentView, RefundView
from services.plans.subscriptions import PlanBought, SubscriptionView


def paid_screen(payment: PaymentView, tr: Translator, *, balance: int, left: Unfinished) -> Screen:
    waits = left.words(tr)
    parts = (*news.paid(payment, tr, balance=balance), *((waits,) if waits else ()))
    return Screen(text=Html("\n".join(parts)), rows=(*left.rows(tr), (buttons.menu_button(tr),)))


def plan_paid_screen(
    payment: PaymentView, subscription: SubscriptionView | None, tr: Translator, *, left: Unfinished
) -> Screen:
    """`subscription`: as it stands now, which may be another one by then."""
    parts = [tr.html("✅ Paid: <b>{amount}</b>. {what}", amount=tr.money(payment.amount), what=bought_words(payment))]
    if subscription is not None and subscription.plan.id == payment.plan_id and subscription.price is not None:
        parts.append(standing(subscription, tr))
        if subscription.next_charge is not None:
            parts.append(moment_of_charge(*subscription.next_charge, tr))
    if waits := left.words(tr):
        parts.append(waits)
    rows = ((buttons.subscription_button(tr),), *left.rows(tr), (buttons.menu_button(tr),))
    return Screen(text=Html("\n".join(parts)), rows=rows)


def canceled_screen(payment: PaymentView, tr: Translator, *, left: Unfinished) -> Screen:
    text = tr.html(
        "✖️ The payment of {amount} did not go through.\n{reason}",
        amount=tr.money(payment.amount),
        reason=tr.gettext(payment_reason(payment.cancel_reason)),
    )
    again = buttons.topup_button(tr) if payment.plan_id is None else buttons.plans_button(tr)
    return Screen(text=text, rows=((again,), *left.rows(tr), (buttons.menu_button(tr),)))


def refunded_screen(
    refund: RefundView, bought: PlanBought | None, tr: Translator, *, balance: int, ended: RefundEnds
) -> Screen:
    """`bought`: of a plan."""
    text = Html("\n".join(news.refunded(refund, bought, tr, balance=balance, ended=ended)))
    return Screen(text=text, rows=((buttons.menu_button(tr),),))


def expiring_screen(lot: Expiring, tr: Translator) -> Screen:
    return Screen(text=news.expiring(lot, tr), rows=((buttons.models_button(tr),), (buttons.menu_button(tr),)))
