"""What became of payments and refunds, as messages."""

from handlers.kit import buttons
from handlers.kit.unfinished import Unfinished
from handlers.telegram.screen import Screen
from i18n import news
from i18n.translator import Html, Translator
from services.billing.statement import Expiring
from services.payments.providers.reasons import payment_reason
from services.payments.queries import PaymentView, RefundView


def paid_screen(payment: PaymentView, tr: Translator, *, balance: int, left: Unfinished) -> Screen:
    waits = left.words(tr)
    parts = (*news.paid(payment, tr, balance=balance), *((waits,) if waits else ()))
    return Screen(text=Html("\n".join(parts)), rows=(*left.rows(tr), (buttons.menu_button(tr),)))


def canceled_screen(payment: PaymentView, tr: Translator, *, left: Unfinished) -> Screen:
    text = tr.html(
        "✖️ The payment of {amount} did not go through.\n{reason}",
        amount=tr.money(payment.amount),
        reason=tr.gettext(payment_reason(payment.cancel_reason)),
    )
    return Screen(text=text, rows=((buttons.topup_button(tr),), *left.rows(tr), (buttons.menu_button(tr),)))


def refunded_screen(refund: RefundView, tr: Translator, *, balance: int) -> Screen:
    text = Html("\n".join(news.refunded(refund, tr, balance=balance)))
    return Screen(text=text, rows=((buttons.menu_button(tr),),))


def expiring_screen(lot: Expiring, tr: Translator) -> Screen:
    return Screen(text=news.expiring(lot, tr), rows=((buttons.models_button(tr),), (buttons.menu_button(tr),)))
