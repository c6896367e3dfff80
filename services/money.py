"""Money: whole minor units and their currency inside, exact decimal strings outside, never a float."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from db.tables.currencies import Currency
from services.billing.credits import GAP, PLAIN, Amount
from services.digits import ascii_digits
from services.errors import N_, ShopError

NUMBER = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
WHOLE: Final = rf"(?:\d{{1,12}}|\d{{1,3}}(?:[{GAP}]\d{{3}}){{1,3}})"
TYPED: Final = {
    Currency.RUB: re.compile(
        rf"({WHOLE}(?:[.,]\d{{1,2}})?)(?:[{GAP}]*(?:₽|р|руб|рублей|рубля|рубль|rub|rubles)\.?)?",
        re.ASCII | re.IGNORECASE,
    ),
    Currency.XTR: re.compile(rf"(?:⭐\ufe0f?[{GAP}]*)?({WHOLE})(?:[{GAP}]*⭐\ufe0f?)?", re.ASCII),
}
EXAMPLES: Final = {Currency.RUB: 30_000, Currency.XTR: 100}


@dataclass(frozen=True, slots=True)
class Money:
    """`minor`: kopecks, or whole Stars. `currency`: one of the shop's, or whatever else a provider speaks of."""

    minor: int
    currency: Currency | str

    def __str__(self) -> str:
        """`300.00 RUB`: for logs and terminals."""
        return f"{self.text} {self.currency}"

    @property
    def text(self) -> str:
        """`19.99`, or `50` where there is nothing smaller: what providers take and tables keep."""
        return to_text(self.minor) if _exponent(self.currency) else str(self.minor)

    @property
    def words(self) -> Amount:
        """The number as people read it, without its currency."""
        return to_words(self.minor) if _exponent(self.currency) else to_words(self.minor * 100)

    @classmethod
    def of_text(cls, value: str, currency: str) -> "Money":
        """Of a provider's amount. Raises ValueError for what is not an exact amount."""
        hundredths = from_text(value)
        if _exponent(currency):
            return cls(hundredths, currency)
        if hundredths % 100:
            raise ValueError(f"not an amount of {currency[:8]!r}: {value[:32]!r}")
        return cls(hundredths // 100, currency)

    def of(self, minor: int) -> "Money":
        """So much of the same currency."""
        return Money(minor, self.currency)


class AmountOutOfBounds(ShopError):
    """Not an amount of money, or one that the shop does not take; bounds of one currency, both inclusive."""

    message = N_("An amount from {low} to {high} ₽ with at most two decimals is expected, for example {example}.")

    def __init__(self, *, low: Money, high: Money, given: str = "") -> None:
        if low.currency == Currency.XTR:
            self.message = N_("A whole number of Stars from {low} to {high} is expected, for example {example}.")
        example = low.of(min(max(EXAMPLES[Currency(low.currency)], low.minor), high.minor))
        super().__init__(low=low.words, high=high.words, example=example.words, given=given[:64])


def rub(kopecks: int) -> Money:
    return Money(kopecks, Currency.RUB)


def sums(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """One for each currency: different ones are never added up."""
    found: Counter[str] = Counter()
    for each in amounts:
        found[each.currency] += each.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(found.items()))


def to_text(kopecks: int) -> str:
    """`1999` as `19.99`."""
    return f"{kopecks // 100}.{kopecks % 100:02d}"


def to_words(kopecks: int) -> Amount:
    """What people read: `1999` as `19.99`, `35000000` as `350 000` (the space does not break)."""
    rest = f".{kopecks % 100:02d}" if kopecks % 100 else ""
    return Amount(f"{kopecks // 100:,}".replace(",", "\u00a0") + rest)


def from_text(value: str) -> int:
    """Hundredths from an amount. Raises ValueError for what is not an exact one."""
    if not NUMBER.fullmatch(value):
        raise ValueError(f"not an amount: {value[:32]!r}")
    return int(Decimal(value) * 100)


def parse_money(text: str, *, low: Money, high: Money) -> Money:
    """What a person typed, in the currency of the bounds: comma or dot, spaces between thousands only, perhaps the
    currency's sign. Raises `AmountOutOfBounds`, which names the bounds."""
    currency = Currency(low.currency)
    typed = TYPED[currency].fullmatch(ascii_digits(text.strip()))
    minor = int(Decimal(typed[1].translate(PLAIN)) * 10**currency.exponent) if typed else None
    if minor is None or not low.minor <= minor <= high.minor:
        raise AmountOutOfBounds(low=low, high=high, given=text)
    return low.of(minor)


def parse_roubles(text: str, *, low: int, high: int) -> int:
    """The same in kopecks."""
    return parse_money(text, low=rub(low), high=rub(high)).minor


def _exponent(currency: str) -> int:
    return Currency(currency).exponent if currency in tuple(Currency) else 2
