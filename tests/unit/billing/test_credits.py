import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.credits import BadAmount, format_credits, parse_amount

BOUNDS = {"low": 1, "high": 10**9}


@given(st.integers(1, 10**9))
def test_what_is_shown_can_be_typed(amount: int) -> None:
    shown = format_credits(amount)
    assert parse_amount(shown, **BOUNDS) == amount
    assert parse_amount(f" {shown.replace('.', ',')}\n", **BOUNDS) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("10", 1000),
        ("10.5", 1050),
        ("0,07", 7),
        ("1 000", 100_000),
        ("1\u00a0234\u202f567,89", 123_456_789),
        ("007", 700),
        ("٣٠٠", 30_000),
        ("1.15", 115),  # 114.99999999999999 as a float
    ],
)
def test_amounts(text: str, amount: int) -> None:
    assert parse_amount(text, **BOUNDS) == amount


@pytest.mark.parametrize(
    "text",
    ["", "-5", "+5", "0", "0.00", "1.234", ".5", "5.", "1,2,3", "10 20", "1 00", "1  000", "1e3", "NaN", "5 ₽", "³"],
)
def test_what_is_not_an_amount(text: str) -> None:
    with pytest.raises(BadAmount):
        parse_amount(text, **BOUNDS)


def test_the_refusal_names_the_bounds() -> None:
    for text in ("0.99", "500.01"):
        with pytest.raises(BadAmount) as refusal:
            parse_amount(text, low=100, high=50_000)
        assert refusal.value.params == {"low": "1.00", "high": "500.00", "example": "5.00", "text": text}
    assert parse_amount("1", low=100, high=50_000) == 100
    assert parse_amount("500", low=100, high=50_000) == 50_000


@pytest.mark.parametrize(("amount", "text"), [(0, "0.00"), (5, "0.05"), (-1050, "-10.50"), (123_456, "1234.56")])
def test_format(amount: int, text: str) -> None:
    assert format_credits(amount) == text
