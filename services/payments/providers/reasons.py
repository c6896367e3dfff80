"""Why a payment or a refund did not go through, in words for people. YooKassa's words for it are the shop's own."""

from collections.abc import Callable, Mapping
from typing import Final

from services.errors import N_
from services.payments.providers.base import Decline
from services.payments.providers.cloudpayments import reasons as cloudpayments
from services.payments.providers.yookassa import reasons as yookassa

_GENERAL = N_("The payment did not go through. Please try another card or way of paying.")
_SHOP = N_("A setting of this shop stands in the way. It is not your fault, and nothing was charged.")

PAYMENT_REASONS = {
    "3d_secure_failed": N_("The bank's confirmation (3-D Secure) did not succeed. Please try again or another card."),
    "call_issuer": N_("The bank refused the payment. It knows why: please call it or try another card."),
    "canceled_by_merchant": N_("The shop canceled the payment. Nothing was charged."),
    "card_expired": N_("The card has expired. Please take another one."),
    "country_forbidden": N_("Cards of this country are not taken. Please take another one."),
    "deal_expired": N_("The time for the payment is over. Please begin anew."),
    "expired_on_capture": N_("The shop did not take the payment in time; the money goes back to you."),
    "expired_on_confirmation": N_("The payment was not confirmed within an hour. Please begin anew."),
    "fraud_suspected": N_("The payment looked suspicious and was stopped. Please try another card."),
    "general_decline": _GENERAL,
    "identification_required": N_("The wallet needs its owner's identification for this. Please try another way."),
    "insufficient_funds": N_("There is not enough money on the card or in the wallet."),
    "internal_timeout": N_("The payment service ran out of time. Please try again."),
    "invalid_card_number": N_("The card's number is wrong. Please check it and try again."),
    "invalid_csc": N_("The code on the back of the card (CVV, CVC) is wrong. Please check it and try again."),
    "issuer_unavailable": N_("The bank does not answer now. Please try later or another card."),
    "payment_method_limit_exceeded": N_("The limit of this card or wallet is used up. Please try another one."),
    "payment_method_restricted": N_("This card or wallet may not pay here. Please try another one."),
    "method_gone": N_("The shop cannot charge this card by itself any more. Please pay once more by hand."),
    "permission_revoked": N_("The permission for payments without confirmation was taken back."),
    "unsupported_mobile_operator": N_("This mobile operator cannot pay here. Please try another way."),
    # our own
    "amount_refused": N_("The payment service does not take this amount. Nothing was charged."),
    "shop_refused": _SHOP,
    "invalid_credentials": _SHOP,
    "forbidden": _SHOP,
    "mismatch": N_("The payment service made another payment than was asked for. Nothing was charged."),
    "no_answer": N_("The payment service did not answer in time. Nothing was charged; please begin anew."),
    "email_needed": N_(
        "There is no e-mail address for the receipt. Give one in your profile, and it is charged; or pay by hand."
    ),
    "renewal_failed": N_("There were not enough Stars. Please pay by hand."),
    "replaced": N_("Another way of paying was chosen in its place. Nothing was charged."),
    "taken_back": N_("This way of paying was removed, or the plan has changed meanwhile. Nothing was charged."),
    "unknown_to_provider": N_("The payment service does not know this payment any more. Please begin anew."),
}

REFUND_REASONS = {
    "general_decline": N_("the payment service did not say why"),
    "insufficient_funds": N_("there is not enough money on the shop's account at the payment service"),
    "rejected_by_payee": N_("the customer's bank or wallet did not take it"),
    "rejected_by_timeout": N_("the time for it ran out"),
    "yoo_money_account_closed": N_("the customer's wallet is closed"),
    "payment_basket_id_not_found": N_("the basket of the certificate was not found"),
    "payment_article_number_not_found": N_("an article of the certificate was not found"),
    "payment_tru_code_not_found": N_("a code of the certificate was not found"),
    "too_many_refunding_articles": N_("more articles of the certificate than were paid"),
    "some_articles_already_refunded": N_("articles of the certificate were refunded already"),
    "no_answer": N_("the payment service did not answer in time, and no money went back"),
}


def payment_reason(code: str | None) -> str:
    """A sentence (msgid); of a code that nobody has heard of, the general one."""
    return PAYMENT_REASONS.get(cloudpayments.WORDS.get(code or "", code or ""), _GENERAL)


def refund_reason(code: str | None) -> str:
    """The end of a sentence (msgid)."""
    return REFUND_REASONS.get(cloudpayments.WORDS.get(code or "", code or ""), REFUND_REASONS["general_decline"])


_DECLINES: Final[Mapping[str, Callable[[str | None], Decline]]] = {
    "cloudpayments": cloudpayments.decline_of,
    "yookassa": yookassa.decline_of,
}


def decline_at(provider: str, reason: str) -> Decline:
    """What the word of a provider allows whose methods the shop charges, or charged."""
    return _DECLINES[provider](reason)
