"""Credits as text and back. Inside they are integer hundredths; a float never sees them."""

import re
from decimal import Decimal

from services.errors import N_, ShopError

SPACES = re.compile(r"[\s\u00a0\u2009\u202f]")
NUMBER = re.compile(r"\d{1,12}([.,]\d{1,2})?", re.ASCII)


class BadAmount(ShopError):
    """Not an amount, or one out of bounds."""

    message = N_("An amount from {low} to {high} with at most two decimals is expected, for example {example}.")


def parse_amount(text: str, *, low: int, high: int) -> int:
    """Hundredths from what a person typed: comma or dot, spaces between thousands. Raises `BadAmount`, which names the
    bounds (both inclusive, in hundredths)."""
    digits = SPACES.sub("", text)
    amount = int(Decimal(digits.replace(",", ".")) * 100) if NUMBER.fullmatch(digits) else None
    if amount is None or not low <= amount <= high:
        raise BadAmount(low=format_credits(low), high=format_credits(high), example=format_credits(low), text=text[:64])
    return amount


def format_credits(hundredths: int) -> str:
    """`1050` as `10.50`."""
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"
