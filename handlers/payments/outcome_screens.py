"""What became of payments and refunds, as messages."""

from datetime import timedelta

from handlers.kit import buttons
from handlers.kit.unfinished import Unfinished
from handlers.telegram.screen import Screen
from i18n.translator import Html, Translator
from services.billing.statement import Expiring
from services.payments.providers.yookassa.reasons import payment_reason
from services.payments.queries import PaymentView, RefundView


def paid_screen(payment: PaymentView, tr: Translator, *, balance: int, left: Unfinished) -> Screen:
    parts = [
        tr.html(
            "✅ Paid: <b>{amount}</b>, {credits} added.",
            amount=tr.money(payment.amount),
            credits=tr.credits(payment.credits),
        )
    ]
    if payment.valid_days is not None and payment.paid_at is not None:
        end = payment.paid_at + timedelta(days=payment.valid_days)
        parts.append(tr.html("They are valid until {date}.", date=tr.date(end)))
    parts.append(tr.html("💰 Balance: <b>{credits}</b>", credits=tr.credits(balance)))
    if waits := left.words(tr):
        parts.append(waits)
    return Screen(text=Html("\n".join(parts)), rows=(*left.rows(tr), (buttons.menu_button(tr),)))


def canceled_screen(payment: PaymentView, tr: Translator, *, left: Unfinished) -> Screen:
    text = tr.html(
        "✖️ The payment of {amount} did not go through.\n{reason}",
        amount=tr.money(payment.amount),
        reason=tr.gettext(payment_reason(payment.cancel_reason)),
    )
    return Screen(text=text, rows=((buttons.topup_button(tr),), *left.rows(tr), (buttons.menu_button(tr),)))


def refunded_screen(refund: RefundView, tr: Translator, *, balance: int) -> Screen:
    parts = [
        tr.html(
            "↩️ <b>{amount}</b> were sent back to you; the bank shows them within some days.",
            amount=tr.money(refund.amount),
        )
    ]
    if refund.credits_taken:
        parts.append(tr.html("{credits} went with them.", credits=tr.credits(refund.credits_taken)))
    parts.append(tr.html("💰 Balance: <b>{credits}</b>", credits=tr.credits(balance)))
    return Screen(text=Html("\n".join(parts)), rows=((buttons.menu_button(tr),),))


def expiring_screen(lot: Expiring, tr: Translator) -> Screen:
    text = tr.html(
        "⏳ {credits} of your package can be used until {moment}.",
        credits=tr.credits(lot.remaining),
        moment=tr.moment(lot.expires_at),
    )
    return Screen(text=text, rows=((buttons.models_button(tr),), (buttons.menu_button(tr),)))
