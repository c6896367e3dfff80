"""A sum and a reason in one line, as an admin types them behind /refund."""

import pytest

from services.money import AmountOutOfBounds, Money, rub
from services.payments.refunds.begin import RefundQuote, parse_refund_and_reason

QUOTE = RefundQuote(rest=rub(300_00), covered=rub(0))


@pytest.mark.parametrize(
    ("text", "amount", "reason"),
    [
        ("", rub(300_00), ""),
        (" paid twice ", rub(300_00), "paid twice"),
        ("150 paid twice", rub(150_00), "paid twice"),
        ("99,50", rub(99_50), ""),
        ("３ twice", rub(3_00), "twice"),
    ],
)
def test_what_was_typed(text: str, amount: Money, reason: str) -> None:
    assert parse_refund_and_reason(text, QUOTE) == (amount, reason)


@pytest.mark.parametrize("text", ["300.01 too much", "0 nothing", "2nd payment"])
def test_a_sum_that_is_none(text: str) -> None:
    with pytest.raises(AmountOutOfBounds):
        parse_refund_and_reason(text, QUOTE)
