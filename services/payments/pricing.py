"""What the shop charges for credits, by currency."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from db.tables.currencies import Currency
from services.errors import N_, ShopError
from services.money import AmountOutOfBounds, Money, parse_money

DiscountOf: TypeAlias = Callable[[Session, int, datetime], int]
"""In percent, of what packages cost that user at that time."""
MIN_KOPECKS = 100
MAX_KOPECKS = 35_000_000  # a card's limit at YooKassa
MAX_STARS = 10_000
_LOWEST: Final = {Currency.RUB: MIN_KOPECKS, Currency.XTR: 1}
_HIGHEST: Final = {Currency.RUB: MAX_KOPECKS, Currency.XTR: MAX_STARS}
_SUGGESTED: Final = {Currency.RUB: (10_000, 30_000, 50_000, 100_000), Currency.XTR: (50, 100, 250, 500)}


class PaymentsOff(ShopError):
    """The shop has no provider."""

    message = N_("Top-ups are not set up in this shop yet.")


class WayNotOffered(ShopError):
    message = N_("There is no such way of paying here. Please choose another one.")


class CurrencyNotTaken(ShopError):
    """A price or an amount in another currency than the chosen provider's."""

    message = N_("This way of paying takes another currency. Please choose again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPrice:
    """`minor`: units for one credit; a fraction where a unit brings more than one."""

    minor: int | Fraction
    currency: Currency = Currency.RUB

    @property
    def low(self) -> Money:
        """The smallest payment: it must bring something."""
        return Money(max(_LOWEST[self.currency], ceil(Fraction(self.minor) / 100)), self.currency)

    @property
    def high(self) -> Money:
        return Money(_HIGHEST[self.currency], self.currency)

    @property
    def suggested(self) -> tuple[Money, ...]:
        low, high = self.low.minor, self.high.minor
        return tuple(self.low.of(minor) for minor in _SUGGESTED[self.currency] if low <= minor <= high)

    def credits_for(self, money: Money) -> int:
        """Hundredths of a credit, rounded down. Raises `CurrencyNotTaken`."""
        if money.currency != self.currency:
            raise CurrencyNotTaken(given=money.currency)
        return int(money.minor * 100 // self.minor)

    def check(self, money: Money) -> None:
        """Raises `AmountOutOfBounds`, `CurrencyNotTaken`."""
        if money.currency != self.currency:
            raise CurrencyNotTaken(given=money.currency)
        if not self.low.minor <= money.minor <= self.high.minor:
            raise AmountOutOfBounds(low=self.low, high=self.high, given=money.text)

    def parse(self, text: str) -> Money:
        """What a customer typed. Raises `AmountOutOfBounds`."""
        return parse_money(text, low=self.low, high=self.high)


Pricing = Mapping[Currency, CreditPrice]


def price_in(money: Money, currency: Currency, pricing: Pricing) -> Money:
    """The same price in another currency, rounded up: as many credits cost so much there. Raises `CurrencyNotTaken`
    where the shop does not take it, `AmountOutOfBounds` for what nobody can pay at once."""
    if money.currency == currency:
        return money
    theirs, ours = pricing.get(currency), pricing.get(Currency(money.currency))
    if theirs is None or ours is None:
        raise CurrencyNotTaken(given=money.currency)
    price = Money(ceil(Fraction(money.minor) * theirs.minor / ours.minor), currency)
    theirs.check(price)
    return price


def discounted(price: Money, percent: int, least: int) -> Money:
    """Rounded up to a whole minor unit, and not below `least` of them."""
    return price.of(max(min(least, price.minor), -(-price.minor * (100 - percent) // 100)))
