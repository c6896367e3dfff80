"""One round over everything that is not finished."""

from dataclasses import dataclass

from services.payments.events import Events
from services.payments.refunds import Refunds
from services.payments.settlement import Change, Settlement
from services.payments.views import RefundView


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round changed; `notifications` counts those that were finished."""

    notifications: int
    payments: list[Change]
    refunds: list[RefundView]


class Reconciler:
    def __init__(self, events: Events, settlement: Settlement, refunds: Refunds) -> None:
        self._events = events
        self._settlement = settlement
        self._refunds = refunds

    async def round(self, *, everything: bool = False) -> Round:
        """Unhandled notifications, unfinished payments, unfinished refunds whose time has come; with `everything`, all
        that are unfinished."""
        return Round(
            notifications=await self._events.handle_due(),
            payments=await self._settlement.check_due(everything=everything),
            refunds=await self._refunds.check_due(everything=everything),
        )
