import pytest

from services.payments.providers.yookassa.reasons import PAYMENT_REASONS, REFUND_REASONS, payment_reason, refund_reason

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
    for code in (None, "", "brand_new_reason"):
        assert payment_reason(code) == PAYMENT_REASONS["general_decline"]
        assert refund_reason(code) == REFUND_REASONS["general_decline"]
