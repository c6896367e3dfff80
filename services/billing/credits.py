"""Credits as text and back. Inside they are integer hundredths; a float never sees them."""

import re
from decimal import Decimal

from services.digits import ascii_digits
from services.errors import N_, ShopError

GAP = " \u00a0\u2009\u202f"  # what people and phones put between thousands
NUMBER = re.compile(rf"(\d{{1,12}}|\d{{1,3}}([{GAP}]\d{{3}}){{1,3}})([.,]\d{{1,2}})?", re.ASCII)
EXAMPLE = 5_00
PLAIN = str.maketrans({",": "."} | dict.fromkeys(GAP))


class Amount(str):
    """Written with a dot. Who is told of it reads the sign of their language."""

    __slots__ = ()


class BadAmount(ShopError):
    """Not an amount, or one out of bounds."""

    message = N_("An amount from {low} to {high} with at most two decimals is expected, for example {example}.")


def parse_amount(text: str, *, low: int, high: int) -> int:
    """Hundredths from what a person typed: comma or dot, spaces between thousands only. Raises `BadAmount`, which names
    the bounds (both inclusive, in hundredths)."""
    typed = ascii_digits(text.strip())
    amount = None
    if NUMBER.fullmatch(typed):
        amount = int(Decimal(typed.translate(PLAIN)) * 100)
    if amount is None or not low <= amount <= high:
        example = format_credits(min(max(EXAMPLE, low), high))
        raise BadAmount(low=format_credits(low), high=format_credits(high), example=example, text=text[:64])
    return amount


def format_credits(hundredths: int) -> Amount:
    """`1050` as `10.50`."""
    sign = "-" if hundredths < 0 else ""
    return Amount(f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}")
