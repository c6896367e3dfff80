"""What the shop charges for credits, and what it expects of its provider's answers."""

from dataclasses import dataclass

from services.errors import N_, ShopError
from services.money import AmountOutOfBounds, parse_roubles, to_text
from services.payments.mark import MarkSigner

MIN_KOPECKS = 100
MAX_KOPECKS = 35_000_000  # a card's limit at YooKassa
SUGGESTED_KOPECKS = (10_000, 30_000, 50_000, 100_000)
CURRENCY = "RUB"


class PaymentsOff(ShopError):
    """The shop has no provider."""

    message = N_("Top-ups are not set up in this shop yet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`credit_price`: kopecks for one credit. `shop_id` and `test`: what a payment must say of itself to be credited.
    `vat_code`: of receipts; none are sent without. `owners`: Telegram ids, told of what only people can mend. `signer`:
    what the shop knows its own payments by. `welcome_credits` (hundredths), `language`: of customers of whom only a
    payment tells."""

    credit_price: int
    shop_id: str
    test: bool
    signer: MarkSigner
    vat_code: int | None = None
    owners: tuple[int, ...] = ()
    high: int = MAX_KOPECKS
    welcome_credits: int = 0
    language: str = "ru"

    @property
    def low(self) -> int:
        """The smallest payment, in kopecks: it must bring something."""
        return max(MIN_KOPECKS, -(-self.credit_price // 100))

    @property
    def suggested(self) -> tuple[int, ...]:
        return tuple(kopecks for kopecks in SUGGESTED_KOPECKS if self.low <= kopecks <= self.high)

    @property
    def receipts(self) -> bool:
        """Whether a payment needs an e-mail address."""
        return self.vat_code is not None

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
