"""One round over everything that is not finished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.payments.context import PaymentsContext
from services.payments.events import Events
from services.payments.other_shop import tell_of_other_shops, unfinished_of_other_shops
from services.payments.provider_list import ListRead, ProviderListReader
from services.payments.queries import PaymentView, RefundView
from services.payments.refunds.service import Refunds
from services.payments.settlement import PaymentChange, Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round changed; `notifications` counts those that were finished; `listed`: what the provider's own list
    added to that; `elsewhere`: unfinished ones of another of the provider's shops, of which nobody can ask."""

    notifications: int
    payments: list[PaymentChange]
    refunds: list[RefundView]
    listed: ListRead
    elsewhere: list[PaymentView]


class Reconciler:
    def __init__(
        self, ctx: PaymentsContext, events: Events, settlement: Settlement, refunds: Refunds, owners: Sequence[int]
    ) -> None:
        self._ctx = ctx
        self._events = events
        self._owners = owners
        self._settlement = settlement
        self._refunds = refunds
        self._list_readers = [ProviderListReader(ctx, account, settlement, refunds) for account in ctx.accounts.all]

    async def round(self, *, everything: bool = False, since: datetime | None = None) -> Round:
        """Unhandled notifications, unfinished payments, unfinished refunds, the reading of the provider's list whose
        time has come; with `everything`, all that are unfinished, and the list. `since`: the list from then on, and
        `ProviderError` where it cannot be had."""
        shops = self._ctx.accounts.shops
        elsewhere = await self._ctx.db.read(unfinished_of_other_shops, shops)
        if elsewhere:
            await self._ctx.db.write(tell_of_other_shops, shops, self._owners, self._ctx.clock())
            self._ctx.on_news()
        return Round(
            notifications=await self._events.handle_due(),
            payments=await self._settlement.check_due(everything=everything),
            refunds=await self._refunds.check_due(everything=everything),
            listed=await self._read_lists(everything=everything, since=since),
            elsewhere=elsewhere,
        )

    async def _read_lists(self, *, everything: bool, since: datetime | None) -> ListRead:
        listed = ListRead()
        for reader in self._list_readers:
            listed.add(await (reader.when_due(now=everything) if since is None else reader.since(since)))
        return listed
