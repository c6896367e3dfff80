"""What the shop charges for credits, and what it expects of its provider's answers."""

from dataclasses import dataclass

from services.billing.credits import format_credits
from services.errors import N_, ShopError

MIN_KOPECKS = 100
MAX_KOPECKS = 35_000_000  # a card's limit at YooKassa
SUGGESTED_KOPECKS = (10_000, 30_000, 50_000, 100_000)
CURRENCY = "RUB"


class PaymentsOff(ShopError):
    """The shop has no provider."""

    message = N_("Top-ups are not set up in this shop yet.")


class AmountOutOfBounds(ShopError):
    message = N_("An amount from {low} to {high} ₽ with at most two decimals is expected, for example {example}.")

    def __init__(self, *, low: int, high: int, kopecks: int | None = None) -> None:
        params = {"low": format_credits(low), "high": format_credits(high), "example": format_credits(30_000)}
        super().__init__(**params, kopecks=kopecks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`credit_price`: kopecks for one credit. `vat_code`: of receipts; none are sent without. `shop_id` and `test`:
    what a payment must say of itself to be credited."""

    credit_price: int
    shop_id: str
    test: bool
    return_url: str
    vat_code: int | None = None
    low: int = MIN_KOPECKS
    high: int = MAX_KOPECKS

    def credits_for(self, kopecks: int) -> int:
        """Hundredths of a credit, rounded down."""
        return kopecks * 100 // self.credit_price

    def check(self, kopecks: int) -> None:
        """Raises `AmountOutOfBounds`."""
        if not self.low <= kopecks <= self.high or self.credits_for(kopecks) < 1:
            raise AmountOutOfBounds(low=self.low, high=self.high, kopecks=kopecks)
