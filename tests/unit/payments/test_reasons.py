import pytest

from services.payments.providers.base import Decline
from services.payments.providers.cloudpayments import reasons as cloudpayments
from services.payments.providers.reasons import PAYMENT_REASONS, REFUND_REASONS, payment_reason, refund_reason

DOCUMENTED = (
    *("3d_secure_failed", "call_issuer", "card_expired", "payment_method_limit_exceeded"),
    *("payment_method_restricted", "country_forbidden", "general_decline", "fraud_suspected"),
    *("identification_required", "insufficient_funds", "invalid_card_number", "invalid_csc"),
    *("issuer_unavailable", "canceled_by_merchant", "permission_revoked", "internal_timeout"),
    *("expired_on_confirmation", "expired_on_capture", "unsupported_mobile_operator", "deal_expired"),
)


@pytest.mark.parametrize("code", DOCUMENTED)
def test_each_documented_reason_has_its_words(code: str) -> None:
    assert code in PAYMENT_REASONS
    assert sum(words == PAYMENT_REASONS[code] for words in PAYMENT_REASONS.values()) == 1


def test_a_reason_that_nobody_knows() -> None:
    for code in (None, "", "brand_new_reason", "5999"):
        assert payment_reason(code) == PAYMENT_REASONS["general_decline"]
        assert refund_reason(code) == REFUND_REASONS["general_decline"]


def test_cloudpayments_numbers_are_told_in_the_same_words() -> None:
    assert {*cloudpayments.WORDS.values()} <= {*PAYMENT_REASONS}
    assert {*cloudpayments.DECLINES} <= {*cloudpayments.WORDS, "5055"}
    assert payment_reason("5051") == PAYMENT_REASONS["insufficient_funds"]
    assert refund_reason("5051") == REFUND_REASONS["insufficient_funds"]


@pytest.mark.parametrize(
    ("codes", "decline"),
    [
        (("5001", "5003", "5005", "5012", "5017", "5033", "5034", "5057", "6025"), Decline.NEVER),
        (("5054", "5206", "5082"), Decline.ACT),
        (("5051", "5065", "5999", None), Decline.TOMORROW),
        (("5091", "5096", "3007"), Decline.HOURS),
    ],
)
def test_what_a_declined_token_allows(codes: tuple[str | None, ...], decline: Decline) -> None:
    assert {cloudpayments.decline_of(code) for code in codes} == {decline}
