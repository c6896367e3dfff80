"""One round over everything that is not finished."""

from dataclasses import dataclass
from datetime import datetime

from services.payments.context import Desk
from services.payments.events import Events
from services.payments.other_shop import tell_of_other_shops, unfinished_of_other_shops
from services.payments.provider_list import ListRead, ProviderListReader
from services.payments.queries import PaymentView, RefundView
from services.payments.refunds.service import Refunds
from services.payments.settlement import Change, Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round changed; `notifications` counts those that were finished; `listed`: what the provider's own list
    added to that; `elsewhere`: unfinished ones of another of the provider's shops, of which nobody can ask."""

    notifications: int
    payments: list[Change]
    refunds: list[RefundView]
    listed: ListRead
    elsewhere: list[PaymentView]


class Reconciler:
    def __init__(self, desk: Desk, events: Events, settlement: Settlement, refunds: Refunds) -> None:
        self._desk = desk
        self._events = events
        self._settlement = settlement
        self._refunds = refunds
        self._list_reader = ProviderListReader(desk, settlement, refunds)

    async def round(self, *, everything: bool = False, since: datetime | None = None) -> Round:
        """Unhandled notifications, unfinished payments, unfinished refunds, the reading of the provider's list whose
        time has come; with `everything`, all that are unfinished, and the list. `since`: the list from then on, and
        `ProviderError` where it cannot be had."""
        elsewhere = await self._desk.db.read(unfinished_of_other_shops, self._desk.terms.shop_id)
        if elsewhere:
            await self._desk.db.write(tell_of_other_shops, self._desk.terms, self._desk.clock())
            self._desk.on_news()
        return Round(
            notifications=await self._events.handle_due(),
            payments=await self._settlement.check_due(everything=everything),
            refunds=await self._refunds.check_due(everything=everything),
            listed=await (
                self._list_reader.when_due(now=everything) if since is None else self._list_reader.since(since)
            ),
            elsewhere=elsewhere,
        )
