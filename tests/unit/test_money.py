"""Amounts as people and providers write them: exactly, or not at all."""

import json
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yookassa.domain.request import PaymentRequest

from services.money import AmountOutOfBounds, from_text, parse_roubles, rub, to_text, to_words
from services.payments.pricing import MAX_KOPECKS, CreditPrice
from services.payments.providers.base import NewPayment
from services.payments.providers.yookassa.client import checked
from services.payments.providers.yookassa.requests import create_body

PRICING = CreditPrice(minor=1000)
KOPECKS = st.integers(1, 999_999_99)


@pytest.mark.parametrize(
    ("text", "kopecks"),
    [
        ("19.99", 19_99),
        ("19,99", 19_99),
        ("1 000", 1000_00),
        ("1\u00a0000", 1000_00),
        ("1\u202f000,5", 1000_50),
        (" 300 ", 300_00),
        ("300₽", 300_00),
        ("300 руб.", 300_00),
        ("300 р", 300_00),
        ("300.1", 300_10),
        ("1", 1_00),
        ("350000", 350_000_00),
        ("007", 7_00),
        ("٣٠٠", 300_00),
    ],
)
def test_taken_exactly(text: str, kopecks: int) -> None:
    assert PRICING.parse(text).minor == kopecks


@pytest.mark.parametrize(
    "text",
    [
        *("0", "0.99", "-5", "−5", "+5", "1e3", "100.001", "³⁰⁰", "1000000", "350000.01", "1,000", "1.000", "1.000,00"),
        *(
            "",
            " ",
            ".",
            "5.",
            ".5",
            "5,",
            "five",
            "300 $",
            "300 €",
            "NaN",
            "Infinity",
            "0x10",
            "1_000",
            "½",
            "1/2",
            "³",
            "3" * 400,
        ),
        *("100 200 300", "10 20", "1 0000", "10\u0000", "12\n13.5.1"),
    ],
)
def test_refused_with_the_bounds(text: str) -> None:
    with pytest.raises(AmountOutOfBounds) as refused:
        PRICING.parse(text)
    assert (refused.value.params["low"], refused.value.params["high"]) == ("1", "350\u00a0000")


def test_the_bounds_follow_the_price_of_a_credit() -> None:
    dear = CreditPrice(minor=1_000_000)  # a hundredth of a credit costs 100 roubles
    assert (dear.low, dear.credits_for(dear.low)) == (rub(100_00), 1)
    assert [each.minor for each in dear.suggested] == [100_00, 300_00, 500_00, 1000_00]
    assert CreditPrice(minor=333).credits_for(rub(100_00)) == 3003


@given(KOPECKS)
def test_every_amount_survives_text(kopecks: int) -> None:
    text = to_text(kopecks)
    assert Decimal(text) * 100 == kopecks
    assert from_text(text) == kopecks
    for typed in (text, text.replace(".", ","), f"{to_words(kopecks)} ₽"):
        assert parse_roubles(typed, low=1, high=999_999_99) == kopecks


@given(st.integers(1, MAX_KOPECKS))
def test_every_amount_survives_the_sdk(kopecks: int) -> None:
    """It takes them through float."""
    order = NewPayment(id=UUID(int=1), amount=rub(kopecks), description="x", return_url="https://t.me/x")
    sent = json.loads(json.dumps(checked(PaymentRequest, create_body(order))))
    assert sent["amount"] == {"value": to_text(kopecks), "currency": "RUB"}
    assert "receipt" not in sent


@given(st.text(max_size=12))
def test_whatever_is_typed_is_an_amount_or_refused(text: str) -> None:
    try:
        kopecks = PRICING.parse(text).minor
    except AmountOutOfBounds:
        return
    assert PRICING.low.minor <= kopecks <= PRICING.high.minor


@pytest.mark.parametrize("text", ["", "1,00", "1.001", "-1", "1e3", "NaN", " 1", "1.", "٣"])
def test_a_provider_must_be_exact(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        from_text(text)
