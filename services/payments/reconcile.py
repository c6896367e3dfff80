"""One round over everything that is not finished."""

from dataclasses import dataclass
from uuid import UUID

from services.payments.events import Events
from services.payments.refunds import Refunds, RefundView
from services.payments.settlement import Change, Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round changed."""

    notifications: int
    payments: list[Change]
    refunds: list[RefundView]

    @property
    def touched(self) -> list[UUID]:
        return [change.payment_id for change in self.payments] + [refund.payment_id for refund in self.refunds]


class Reconciler:
    def __init__(self, events: Events, settlement: Settlement, refunds: Refunds) -> None:
        self._events = events
        self._settlement = settlement
        self._refunds = refunds

    async def round(self) -> Round:
        """Unhandled notifications, unfinished payments, unfinished refunds whose time has come."""
        return Round(
            notifications=await self._events.handle_due(),
            payments=await self._settlement.check_due(),
            refunds=await self._refunds.check_due(),
        )
