"""Prices of packages in another currency than they are written in."""

from fractions import Fraction

import pytest

from db.tables.currencies import Currency
from services.money import AmountOutOfBounds, Money, rub
from services.payments.pricing import CreditPrice, CurrencyNotTaken, price_in

PRICING = {
    Currency.RUB: CreditPrice(minor=1000),
    Currency.XTR: CreditPrice(minor=Fraction(100, 13), currency=Currency.XTR),  # a Star brings 0.13 credits
}


def stars(count: int) -> Money:
    return Money(count, Currency.XTR)


@pytest.mark.parametrize(
    ("kopecks", "count"),
    [(130, 1), (131, 2), (100, 1), (30_000, 231), (99_00, 77)],
)
def test_it_is_rounded_up(kopecks: int, count: int) -> None:
    assert price_in(rub(kopecks), Currency.XTR, PRICING) == stars(count)


def test_the_same_currency_is_left_alone() -> None:
    assert price_in(rub(12345), Currency.RUB, {}) == rub(12345)


def test_what_nobody_can_pay_at_once() -> None:
    with pytest.raises(AmountOutOfBounds):
        price_in(rub(20_000_00), Currency.XTR, PRICING)


def test_a_shop_that_takes_no_stars() -> None:
    with pytest.raises(CurrencyNotTaken):
        price_in(rub(100), Currency.XTR, {Currency.RUB: PRICING[Currency.RUB]})
