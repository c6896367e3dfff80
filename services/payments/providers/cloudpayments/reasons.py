"""Why a payment did not go through: https://developers.cloudpayments.ru/#kody-oshibok."""

from typing import Final

from services.payments.providers.base import Decline

THREE_D_SECURE: Final = "5207"
METHOD_GONE: Final = "6025"

WORDS: Final = {
    "voided": "canceled_by_merchant",
    "3001": "deal_expired",
    "3002": "general_decline",
    "3003": "general_decline",
    "3004": "general_decline",
    "3005": "general_decline",
    "3006": "internal_timeout",
    "3007": "internal_timeout",
    "3008": "internal_timeout",
    "5001": "call_issuer",
    "5003": "call_issuer",
    "5005": "call_issuer",
    "5012": "payment_method_restricted",
    "5014": "invalid_card_number",
    "5015": "invalid_card_number",
    "5017": "call_issuer",
    "5033": "card_expired",
    "5034": "fraud_suspected",
    "5036": "payment_method_restricted",
    "5041": "payment_method_restricted",
    "5043": "payment_method_restricted",
    "5051": "insufficient_funds",
    "5054": "card_expired",
    "5057": "payment_method_restricted",
    "5058": "payment_method_restricted",
    "5059": "fraud_suspected",
    "5062": "payment_method_restricted",
    "5063": "fraud_suspected",
    "5065": "payment_method_limit_exceeded",
    "5082": "invalid_csc",
    "5091": "issuer_unavailable",
    "5092": "issuer_unavailable",
    "5096": "internal_timeout",
    "5206": "3d_secure_failed",
    "5207": "3d_secure_failed",
    "5300": "fraud_suspected",
    "6001": "permission_revoked",
    "6010": "deal_expired",
    "6025": "method_gone",
}
"""The same in the shop's words (`PAYMENT_REASONS`); another code says nothing to people."""

# The published rule: after the first eight a token is refused whatever comes; after two tries of any other it rests for
# a day. 3001 to 3008: the shop itself did not answer, or not well, when it was asked.
_NEVER: Final = ("5001", "5003", "5005", "5012", "5017", "5033", "5034", "5057", "5041", "5043", "6001", "6025")
_ACT: Final = ("5014", "5015", "5036", "5054", "5055", "5058", "5059", "5062", "5063", "5082", "5206", "5207", "6010")
_HOURS: Final = ("5091", "5092", "5096", *(str(code) for code in range(3001, 3009)))
DECLINES: Final = {
    **dict.fromkeys(_NEVER, Decline.NEVER),
    **dict.fromkeys(_ACT, Decline.ACT),
    **dict.fromkeys(_HOURS, Decline.HOURS),
}


def decline_of(code: str | None) -> Decline:
    """Of a code that nobody has heard of: the next day, as of a lack of money."""
    return DECLINES.get(code or "", Decline.TOMORROW)
