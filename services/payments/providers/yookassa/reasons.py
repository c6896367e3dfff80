"""What YooKassa's reasons for a declined charge of a saved method allow."""

from typing import Final

from services.payments.providers.base import Decline

# YooKassa publishes no rule for tries: this is what shops found, and no more than another provider's rule allows.
DECLINES: Final = {
    "permission_revoked": Decline.NEVER,
    "card_expired": Decline.NEVER,
    "invalid_card_number": Decline.NEVER,
    "payment_method_restricted": Decline.NEVER,
    "fraud_suspected": Decline.NEVER,
    "country_forbidden": Decline.NEVER,
    "unsupported_mobile_operator": Decline.NEVER,
    "3d_secure_failed": Decline.ACT,
    "identification_required": Decline.ACT,
    "invalid_csc": Decline.ACT,
    "issuer_unavailable": Decline.HOURS,
    "internal_timeout": Decline.HOURS,
}


def decline_of(code: str | None) -> Decline:
    """Of a code that nobody has heard of: the next day, as of a lack of money."""
    return DECLINES.get(code or "", Decline.TOMORROW)
