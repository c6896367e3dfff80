"""Money as text and back: integer kopecks inside, exact two-decimal strings outside, never a float."""

import re
from decimal import Decimal

from services.billing.credits import GAP, PLAIN
from services.digits import ascii_digits
from services.errors import N_, ShopError

NUMBER = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
TYPED = re.compile(
    rf"((?:\d{{1,12}}|\d{{1,3}}(?:[{GAP}]\d{{3}}){{1,3}})(?:[.,]\d{{1,2}})?)"
    rf"(?:[{GAP}]*(?:₽|р|руб|рублей|рубля|рубль|rub|rubles)\.?)?",
    re.ASCII | re.IGNORECASE,
)


class AmountOutOfBounds(ShopError):
    """Not an amount of money, or one that the shop does not take; bounds in kopecks, both inclusive."""

    message = N_("An amount from {low} to {high} ₽ with at most two decimals is expected, for example {example}.")

    def __init__(self, *, low: int, high: int, given: str = "") -> None:
        example = to_words(min(max(30_000, low), high))
        super().__init__(low=to_words(low), high=to_words(high), example=example, given=given[:64])


def to_text(kopecks: int) -> str:
    """`1999` as `19.99`, what providers take."""
    return f"{kopecks // 100}.{kopecks % 100:02d}"


def to_words(kopecks: int) -> str:
    """What people read: `1999` as `19.99`, `35000000` as `350 000` (the space does not break)."""
    rest = f".{kopecks % 100:02d}" if kopecks % 100 else ""
    return f"{kopecks // 100:,}".replace(",", "\u00a0") + rest


def from_text(value: str) -> int:
    """Kopecks from a provider's amount. Raises ValueError for what is not an exact amount."""
    if not NUMBER.fullmatch(value):
        raise ValueError(f"not an amount: {value[:32]!r}")
    return int(Decimal(value) * 100)


def parse_roubles(text: str, *, low: int, high: int) -> int:
    """Kopecks from what a person typed: comma or dot, spaces between thousands only, perhaps the currency behind.
    Raises `AmountOutOfBounds`, which names the bounds."""
    typed = TYPED.fullmatch(ascii_digits(text.strip()))
    kopecks = int(Decimal(typed[1].translate(PLAIN)) * 100) if typed else None
    if kopecks is None or not low <= kopecks <= high:
        raise AmountOutOfBounds(low=low, high=high, given=text)
    return kopecks
