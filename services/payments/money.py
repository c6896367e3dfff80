"""Money as text and back: integer kopecks inside, exact two-decimal strings outside, never a float."""

import re
from decimal import Decimal

NUMBER = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)


def to_text(kopecks: int) -> str:
    """`1999` as `19.99`, what providers take."""
    return f"{kopecks // 100}.{kopecks % 100:02d}"


def from_text(value: str) -> int:
    """Kopecks from a provider's amount. Raises ValueError for what is not an exact amount."""
    if not NUMBER.fullmatch(value):
        raise ValueError(f"not an amount: {value[:32]!r}")
    return int(Decimal(value) * 100)
