"""What became of payments and refunds, as messages."""

from datetime import timedelta

from handlers.admin import buttons as names
from handlers.kit import buttons as keyboards
from handlers.kit.buttons import Row
from handlers.telegram.screen import Button, Screen
from i18n.translator import Html, Translator
from services.billing.statement import Expiring
from services.errors import N_
from services.money import to_words
from services.payments.alerts import Problem
from services.payments.providers.yookassa.reasons import payment_reason, refund_reason
from services.payments.queries import PaymentView, RefundView

PROBLEMS = {
    Problem.OFF: N_(
        "Customers cannot top up: there is no payment provider. Set {detail} in .env and restart; the keys are in "
        "YooKassa's cabinet under Integration, API keys. Without payments, set PAYMENT_METHODS to nothing."
    ),
    Problem.NOT_AUTHORIZED: N_(
        "YooKassa does not let this shop in ({detail}), so nobody can pay. Check YOOKASSA_SHOP_ID and "
        "YOOKASSA_SECRET_KEY; “kassandra doctor” says more."
    ),
    Problem.PAYMENT_MISMATCH: N_(
        "A payment is not at YooKassa what it is in our books, and nothing was credited. Ours and YooKassa's: "
        "{detail}. If the money is yours, give the credits by hand; if not, refund it in YooKassa's cabinet."
    ),
    Problem.REFUND_MISMATCH: N_(
        "A refund is not at YooKassa what it is in our books, and no credits were taken. Ours and YooKassa's: "
        "{detail}. Look at it in YooKassa's cabinet."
    ),
    Problem.REFUND_UNKNOWN: N_(
        "YooKassa has not answered a refund for a day, and it may have been made. Look into YooKassa's cabinet before "
        "you refund again."
    ),
    Problem.REFUND_FAILED: N_("A refund did not go through: {detail}. The credits stay with the customer."),
    Problem.UNCOLLECTED: N_(
        "A refund made in YooKassa's cabinet found its credits spent: {detail} credits could not be taken back."
    ),
    Problem.RECEIPT_REFUSED: N_(
        "YooKassa refuses payments because of the receipt ({detail}). Set YOOKASSA_VAT_CODE in .env (1 is without VAT) "
        "as the shop's taxes are, and restart; “kassandra doctor” says more. Customers read that it is not their fault."
    ),
    Problem.SHOP_REFUSED: N_(
        "YooKassa refuses payments for a reason that lies in the shop: {detail}. Look at the shop's settings in "
        "YooKassa's cabinet; “kassandra doctor” says more. Customers read that it is not their fault."
    ),
    Problem.UNBOOKED: N_(
        "Money came in that is not in our books, perhaps of a payment from before a back-up was restored: {detail}. "
        "Nothing was credited. Look at it in YooKassa's cabinet; if it is this shop's, give the customer the credits "
        "by hand (/grant)."
    ),
    Problem.UNPROVEN: N_(
        "Money came in with this shop's mark, and the mark is not true: {detail}. Either BOT_TOKEN and "
        "YOOKASSA_SECRET_KEY both changed since, or somebody made the payment by hand. Nothing was credited. Look at "
        "it in YooKassa's cabinet; if it is this shop's, give the customer the credits by hand (/grant)."
    ),
    Problem.MANY_LOST: N_(
        "{detail} payments at YooKassa are not in our books and may be this shop's; you were told of some. "
        "“kassandra reconcile --since DATE” names them all."
    ),
    Problem.OTHER_SHOP: N_(
        "YOOKASSA_SHOP_ID is another shop's now, so these payments of the former one cannot be asked for any more "
        "(begun, amount, customer, shop, number):{detail}\nTo finish them, run “kassandra reconcile” once with the "
        "former id and key, or look at them in that shop's cabinet and give the credits by hand."
    ),
}


def paid_screen(payment: PaymentView, tr: Translator, *, balance: int, form_waits: bool) -> Screen:
    parts = [
        tr.html(
            "✅ Paid: <b>{amount} ₽</b>, {credits} added.",
            amount=to_words(payment.amount_kopecks),
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
        "✖️ The payment of {amount} ₽ did not go through.\n{reason}",
        amount=to_words(payment.amount_kopecks),
        reason=tr.gettext(payment_reason(payment.cancel_reason)),
    )
    return Screen(text=text, rows=((keyboards.topup_button(tr),), *_onward(tr, form_waits=form_waits)))


def refunded_screen(refund: RefundView, tr: Translator, *, balance: int) -> Screen:
    parts = [
        tr.html(
            "↩️ <b>{amount} ₽</b> were sent back to you; the bank shows them within some days.",
            amount=to_words(refund.amount_kopecks),
        )
    ]
    if refund.credits_taken:
        parts.append(tr.html("{credits} went with them.", credits=tr.credits(refund.credits_taken)))
    parts.append(tr.html("💳 Balance: <b>{credits}</b>", credits=tr.credits(balance)))
    return Screen(text=Html("\n".join(parts)), rows=((keyboards.menu_button(tr),),))


def expiring_screen(lot: Expiring, tr: Translator) -> Screen:
    text = tr.html(
        "⏳ {credits} of your package can be used until {moment}.",
        credits=tr.credits(lot.remaining),
        moment=tr.moment(lot.expires_at),
    )
    return Screen(text=text, rows=((keyboards.models_button(tr),), (keyboards.menu_button(tr),)))


def problem_screen(problem: Problem, detail: str, payment: PaymentView | None, tr: Translator) -> Screen:
    """For owners."""
    if problem is Problem.REFUND_FAILED:
        detail = tr.gettext(refund_reason(detail))
    parts = [Html("⚠️ " + tr.html(PROBLEMS[problem], detail=detail))]
    if payment is not None:
        parts.append(
            tr.html(
                "Payment <code>{id}</code>, {amount} ₽, {moment}",
                id=str(payment.id),
                amount=to_words(payment.amount_kopecks),
                moment=tr.moment(payment.created_at),
            )
        )
    look = payment and Button(text=tr.gettext("💰 The payment"), action=names.action(names.PAYMENT, payment.id.hex))
    return Screen(text=Html("\n".join(parts)), rows=((look,),) if look else ())


def _onward(tr: Translator, *, form_waits: bool) -> tuple[Row, ...]:
    """To the form that the customer could not pay for, if there is one."""
    first = keyboards.continue_button(tr) if form_waits else keyboards.models_button(tr)
    return ((first,), (keyboards.menu_button(tr),))
