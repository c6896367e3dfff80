"""What money is counted in."""

from enum import StrEnum


class Currency(StrEnum):
    RUB = "RUB"
    """Counted in kopecks."""
    XTR = "XTR"
    """Telegram's Stars, counted whole."""

    @property
    def exponent(self) -> int:
        """Decimals of an amount."""
        return 2 if self is Currency.RUB else 0
