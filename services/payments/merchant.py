"""The shop as one provider knows it."""

from dataclasses import dataclass, field

from db.tables.currencies import Currency
from services.payments.mark import MarkSigner
from services.payments.pricing import Pricing
from services.users.departures import NO_KEY, PersonKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """`provider`: its name in our rows. `shop_id` and `test`: what a payment must say of itself to be credited; of
    `test` the provider alone tells, payment by payment, where it is `told_test`. `currency`: what it takes. `vat_code`:
    of receipts. Without it none are sent, or by a provider that `wants_email` of every buyer, and knows the taxes by
    itself. `signer`: what the shop knows its own payments by. `owners`: Telegram ids, told of what only people can
    mend. `welcome_credits` (hundredths), `language`, `people`: of customers of whom only a payment tells, and by which
    somebody is known who deleted their account. `pricing`: of credits,
    in which what is left of a plan comes back. `keeps_strays`: what comes for nothing we know is kept to be sent back;
    else people look at it in the provider's cabinet. `charges_itself`: the provider, each period, until it is told to
    stop."""

    provider: str
    shop_id: str
    test: bool
    told_test: bool = False
    currency: Currency = Currency.RUB
    signer: MarkSigner
    vat_code: int | None = None
    wants_email: bool = False
    owners: tuple[int, ...] = ()
    welcome_credits: int = 0
    language: str = "ru"
    people: PersonKey = NO_KEY
    pricing: Pricing = field(default_factory=dict)
    keeps_strays: bool = False
    charges_itself: bool = False

    @property
    def receipts(self) -> bool:
        """Whether a payment needs an e-mail address."""
        return self.vat_code is not None or self.wants_email
