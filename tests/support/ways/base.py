"""What a history of subscriptions has to know of a way of paying: what people and banks do there, what the provider
took and what it tells."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from db.tables.currencies import Currency
from services.coordination.memory import MemoryCoordination
from services.payments.context import ProviderAccount
from services.payments.providers.base import Decline
from services.payments.service import Payments
from tests.support.clock import FakeClock
from tests.support.faults import Fault
from tests.support.stars_till import PRICES
from tests.support.tills import OWNER, Cashier, make_till


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """At taking money. `id`: as our row knows it; `our_id`: what it was for; `token`: of the saved method, None where
    its owner paid; `refused`: the method will never pay again."""

    id: str
    our_id: str
    at: datetime
    amount: int
    is_taken: bool = False
    is_tried: bool = True
    sent_back: int = 0
    token: str | None = None
    refused: bool = False


@dataclass(slots=True, kw_only=True)
class Way(ABC):
    """`till`: of one of the shop's processes, which hears what the provider tells. `is_hasty`: that comes before the
    answer to a charge."""

    clock: FakeClock
    is_hasty: bool = False
    _till: Payments | None = field(default=None, init=False)

    name: str = field(init=False)
    currency: Currency = field(default=Currency.RUB, init=False)
    charges_itself: bool = field(default=False, init=False)

    @property
    def till(self) -> Payments:
        assert self._till is not None  # a shop is open
        return self._till

    def joins(self, till: Payments) -> None:
        self._till = till

    @abstractmethod
    def account(self) -> ProviderAccount:
        """Of another process."""

    @property
    @abstractmethod
    def faults(self) -> deque[Fault | None]: ...

    @abstractmethod
    def is_away(self, away: bool) -> None: ...

    @abstractmethod
    def will_decline(self, declines: Sequence[Decline]) -> None:
        """The next charges of saved methods."""

    @abstractmethod
    def pages(self) -> list[str]:
        """Where somebody could still try to pay, by our ids."""

    @abstractmethod
    async def pays(self, our_id: str) -> None:
        """At that page, if the provider still lets them."""

    @abstractmethod
    def tries(self) -> list[Try]:
        """Oldest first."""

    @abstractmethod
    def sends_back(self, charge: Try, *, part: int) -> None:
        """Without the shop: in the provider's cabinet, by its support."""

    @abstractmethod
    async def tells(self) -> None:
        """All that it has to tell."""

    @abstractmethod
    def forgets_to_tell(self) -> None: ...

    def next_moment(self) -> datetime | None:
        """When it does something by itself."""
        return None

    def wakes(self) -> bool:
        """It does what it is time for. Whether there was anything."""
        return False

    def calms_down(self) -> None:
        """Nothing goes wrong there any more, and nothing takes its time."""
        self.faults.clear()
        self.is_away(False)
        self.is_hasty = False


def open_till(cashier: Cashier, ways: Sequence[Way]) -> Payments:
    """Of one process more."""
    accounts, box = [way.account() for way in ways], MemoryCoordination()
    till: Payments = make_till(
        cashier.db, cashier.clock, accounts, PRICES, lambda: None, coordination=box, owners=(OWNER,)
    )
    return till
