"""Telegram's Stars in memory: who paid what, as its list of transactions tells it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import TypeVar

from db.tables.currencies import Currency
from services.money import Money
from services.payments.providers.base import ProviderError, Refused, ResultUnknown
from services.payments.providers.stars.gateway import StarInvoice, StarTransaction
from services.payments.providers.stars.service import StarsReceived
from tests.support.faults import Fault, with_faults

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class FakeStars:
    clock: Callable[[], datetime]
    invoices: list[StarInvoice] = field(default_factory=list)
    ledger: list[StarTransaction] = field(default_factory=list)
    canceled: list[tuple[int, str]] = field(default_factory=list)
    calls: list[tuple[int, int]] = field(default_factory=list)
    """(offset, limit) of each look at the list."""
    away: ProviderError | None = None
    faults: deque[Fault | None] = field(default_factory=deque)
    is_broke: bool = False
    """The shop has spent its Stars: nothing goes back."""
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    # What the shop calls.

    async def invoice_link(self, invoice: StarInvoice) -> str:
        def link() -> str:
            self.invoices.append(invoice)
            return f"https://t.me/$invoice{len(self.invoices)}"

        return self._answer(link)

    async def transactions(self, offset: int, limit: int) -> list[StarTransaction]:
        def page() -> list[StarTransaction]:
            self.calls.append((offset, limit))
            return self.ledger[offset : offset + limit]

        return self._answer(page)

    async def refund(self, person: int, charge_id: str) -> None:
        def refund() -> None:
            if self.is_broke:
                raise Refused(code="insufficient_funds", detail="BALANCE_TOO_LOW")
            if not any(each.id == charge_id and not each.incoming for each in self.ledger):
                self.sends_back(charge_id, person=person)

        self._answer(refund)

    async def cancel_subscription(self, person: int, charge_id: str) -> None:
        self._answer(lambda: self.canceled.append((person, charge_id)))

    async def balance(self) -> int:
        return self._answer(lambda: sum(each.stars if each.incoming else -each.stars for each in self.ledger))

    # What happens there.

    def pays(self, person: int, payload: str, stars: int, *, month: bool = False, again: bool = False) -> StarsReceived:
        """The news of it, for a test to deliver as it likes."""
        now = self.clock()
        charge = StarTransaction(
            id=f"charge-{next(self._numbers)}",
            stars=stars,
            at=now,
            incoming=True,
            person=person,
            payload=payload,
            subscription=month,
        )
        self.ledger.append(charge)
        return StarsReceived(
            charge_id=charge.id,
            payload=payload,
            payer_id=person,
            amount=Money(stars, Currency.XTR),
            at=now,
            paid_until=now + timedelta(days=30) if month else None,
            again=again,
        )

    def sends_back(self, charge_id: str, *, person: int | None = None) -> None:
        paid = next(each for each in self.ledger if each.id == charge_id)
        assert person in (None, paid.person)
        back = StarTransaction(
            id=charge_id, stars=paid.stars, at=self.clock(), incoming=False, person=paid.person, payload=paid.payload
        )
        self.ledger.append(back)

    def _answer(self, work: Callable[[], T]) -> T:
        if self.away is not None:
            raise self.away
        return with_faults(self.faults, work)


GONE = ResultUnknown(code="no_answer")
