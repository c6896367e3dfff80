"""What became of payments and refunds, as messages."""

from datetime import timedelta

from handlers.kit import buttons
from handlers.kit.buttons import Row
from handlers.telegram.screen import Screen
from i18n.translator import Html, Translator
from services.billing.statement import Expiring
from services.payments.providers.yookassa.reasons import payment_reason
from services.payments.queries import PaymentView, RefundView


def paid_screen(payment: PaymentView, tr: Translator, *, balance: int, form_waits: bool) -> Screen:
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
    parts.append(tr.html("💳 Balance: <b>{credits}</b>", credits=tr.credits(balance)))
    return Screen(text=Html("\n".join(parts)), rows=_onward(tr, form_waits=form_waits))


def canceled_screen(payment: PaymentView, tr: Translator, *, form_waits: bool) -> Screen:
    text = tr.html(
        "✖️ The payment of {amount} did not go through.\n{reason}",
        amount=tr.money(payment.amount),
        reason=tr.gettext(payment_reason(payment.cancel_reason)),
    )
    return Screen(text=text, rows=((buttons.topup_button(tr),), *_onward(tr, form_waits=form_waits)))


def refunded_screen(refund: RefundView, tr: Translator, *, balance: int) -> Screen:
    parts = [
        tr.html(
            "↩️ <b>{amount}</b> were sent back to you; the bank shows them within some days.",
            amount=tr.money(refund.amount),
        )
    ]
    if refund.credits_taken:
        parts.append(tr.html("{credits} went with them.", credits=tr.credits(refund.credits_taken)))
    parts.append(tr.html("💳 Balance: <b>{credits}</b>", credits=tr.credits(balance)))
    return Screen(text=Html("\n".join(parts)), rows=((buttons.menu_button(tr),),))


def expiring_screen(lot: Expiring, tr: Translator) -> Screen:
    text = tr.html(
        "⏳ {credits} of your package can be used until {moment}.",
        credits=tr.credits(lot.remaining),
        moment=tr.moment(lot.expires_at),
    )
    return Screen(text=text, rows=((buttons.models_button(tr),), (buttons.menu_button(tr),)))


def _onward(tr: Translator, *, form_waits: bool) -> tuple[Row, ...]:
    """To the form that the customer could not pay for, if there is one."""
    first = buttons.continue_button(tr) if form_waits else buttons.models_button(tr)
    return ((first,), (buttons.menu_button(tr),))
