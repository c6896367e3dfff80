"""What the shop charges for credits."""

from dataclasses import dataclass

from services.errors import N_, ShopError
from services.money import AmountOutOfBounds, parse_roubles, to_text

MIN_KOPECKS = 100
MAX_KOPECKS = 35_000_000  # a card's limit at YooKassa
SUGGESTED_KOPECKS = (10_000, 30_000, 50_000, 100_000)
CURRENCY = "RUB"


class PaymentsOff(ShopError):
    """The shop has no provider."""

    message = N_("Top-ups are not set up in this shop yet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """`credit_price`: kopecks for one credit. `high`: the largest payment, in kopecks."""

    credit_price: int
    high: int = MAX_KOPECKS

    @property
    def low(self) -> int:
        """The smallest payment, in kopecks: it must bring something."""
        return max(MIN_KOPECKS, -(-self.credit_price // 100))

    @property
    def suggested(self) -> tuple[int, ...]:
        return tuple(kopecks for kopecks in SUGGESTED_KOPECKS if self.low <= kopecks <= self.high)

    def credits_for(self, kopecks: int) -> int:
        """Hundredths of a credit, rounded down."""
        return kopecks * 100 // self.credit_price

    def check(self, kopecks: int) -> None:
        """Raises `AmountOutOfBounds`."""
        if not self.low <= kopecks <= self.high:
            raise AmountOutOfBounds(low=self.low, high=self.high, given=to_text(kopecks))

    def parse(self, text: str) -> int:
        """Kopecks from what a customer typed. Raises `AmountOutOfBounds`."""
        return parse_roubles(text, low=self.low, high=self.high)
