"""Trouble with money that only people can mend, in words for owners."""

from typing import Final

from i18n.translator import Html, Translator
from services.errors import N_
from services.payments.alerts import PaymentProblem
from services.payments.providers.reasons import refund_reason
from services.payments.providers.titles import provider_title
from services.payments.queries import PaymentView

TROUBLES: Final = {
    PaymentProblem.OFF: N_(
        "Customers cannot top up: there is no payment provider. Set {detail} in .env and restart; the keys are in "
        "YooKassa's cabinet under Integration, API keys. Without payments, set PAYMENT_METHODS to nothing."
    ),
    PaymentProblem.NOT_AUTHORIZED: N_(
        "{provider} does not let this shop in ({detail}), so nobody can pay by it. Check its id and key in .env; "
        "“kassandra doctor” says more."
    ),
    PaymentProblem.PAYMENT_MISMATCH: N_(
        "A payment is not at {provider} what it is in our books, and nothing was credited. Ours and {provider}'s: "
        "{detail}. If the money is yours, give the credits by hand; if not, refund it in {provider}'s cabinet."
    ),
    PaymentProblem.REFUND_MISMATCH: N_(
        "A refund is not at {provider} what it is in our books, and no credits were taken. Ours and {provider}'s: "
        "{detail}. Look at it in {provider}'s cabinet."
    ),
    PaymentProblem.REFUND_UNKNOWN: N_(
        "{provider} has not answered a refund for a day, and it may have been made. Look into {provider}'s cabinet "
        "before you refund again."
    ),
    PaymentProblem.REFUND_FAILED: N_("A refund did not go through: {detail}. The credits stay with the customer."),
    PaymentProblem.MONEY_BACK_FAILED: N_(
        "A customer paid for a plan and got nothing for it, and the money did not go back: {detail}. It is tried again "
        "by itself; if it keeps failing, send it back in {provider}'s cabinet."
    ),
    PaymentProblem.UNCOLLECTED: N_(
        "A refund made in {provider}'s cabinet found its credits spent: {detail} credits could not be taken back."
    ),
    PaymentProblem.RECEIPT_REFUSED: N_(
        "{provider} refuses payments because of the receipt ({detail}). Set YOOKASSA_VAT_CODE (1 is without VAT) or "
        "CLOUDPAYMENTS_TAX in .env as the shop's taxes are, and restart; “kassandra doctor” says more. Customers read "
        "that it is not their fault."
    ),
    PaymentProblem.SHOP_REFUSED: N_(
        "{provider} refuses payments for a reason that lies in the shop: {detail}. Look at the shop's settings in "
        "{provider}'s cabinet; “kassandra doctor” says more. Customers read that it is not their fault."
    ),
    PaymentProblem.UNBOOKED: N_(
        "Money came in that is not in our books, perhaps of a payment from before a back-up was restored: {detail}. "
        "Nothing was credited. Look at it in {provider}'s cabinet; if it is this shop's, give the customer the credits "
        "by hand (/grant)."
    ),
    PaymentProblem.UNPROVEN: N_(
        "Money came in with this shop's mark, and the mark is not true: {detail}. Either BOT_TOKEN and "
        "YOOKASSA_SECRET_KEY both changed since, or somebody made the payment by hand. Nothing was credited. Look at "
        "it in YooKassa's cabinet; if it is this shop's, give the customer the credits by hand (/grant)."
    ),
    PaymentProblem.MANY_LOST: N_(
        "{detail} payments at {provider} are not in our books and may be this shop's; you were told of some. "
        "“kassandra reconcile --since DATE” names them all."
    ),
    PaymentProblem.STRAY: N_(
        "{provider}: money came for nothing that we know, or not as it was asked for: {detail}. It is kept, and nobody "
        "got credits for it. Send it back, or give the credits by hand (/grant)."
    ),
    PaymentProblem.OTHER_SHOP: N_(
        "YOOKASSA_SHOP_ID is another shop's now, so these payments of the former one cannot be asked for any more "
        "(begun, amount, customer, shop, number):{detail}\nTo finish them, run “kassandra reconcile” once with the "
        "former id and key, or look at them in that shop's cabinet and give the credits by hand."
    ),
}


def trouble_lines(
    problem: PaymentProblem, detail: str, payment: PaymentView | None, tr: Translator, *, provider: str
) -> tuple[Html, ...]:
    """`payment`: the one that it is about; `provider`: whose trouble it is where there is none."""
    if problem in {PaymentProblem.REFUND_FAILED, PaymentProblem.MONEY_BACK_FAILED}:
        detail = tr.gettext(refund_reason(detail))
    title = tr.gettext(provider_title(payment.provider if payment else provider))
    told = Html("⚠️ " + tr.html(TROUBLES[problem], detail=detail, provider=title))
    if payment is None:
        return (told,)
    which = tr.html(
        "Payment <code>{id}</code>, {amount}, {moment}",
        id=str(payment.id),
        amount=tr.money(payment.amount),
        moment=tr.moment(payment.created_at),
    )
    return (told, which)
