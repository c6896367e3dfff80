"""Everything that takes money, put together."""

from collections.abc import Callable
from dataclasses import dataclass

from db.engine import Database
from services.clock import Clock
from services.payments.context import Desk
from services.payments.events import Events
from services.payments.pricing import Terms
from services.payments.providers.base import Provider
from services.payments.reconcile import Reconciler
from services.payments.refunds.service import Refunds
from services.payments.settlement import Settlement
from services.payments.topup import TopUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    provider: Provider
    terms: Terms
    topup: TopUp
    settlement: Settlement
    events: Events
    refunds: Refunds
    reconciler: Reconciler
    close: Callable[[], None]


def make_till(db: Database, clock: Clock, provider: Provider, terms: Terms, on_news: Callable[[], None]) -> Till:
    """`on_news` is called when a message was put into the outbox."""
    desk = Desk(db=db, clock=clock, provider=provider, terms=terms, on_news=on_news)
    topup = TopUp(desk)
    settlement = Settlement(desk, topup)
    refunds = Refunds(desk, settlement)
    events = Events(desk, settlement, refunds)
    return Till(
        provider=provider,
        terms=terms,
        topup=topup,
        settlement=settlement,
        events=events,
        refunds=refunds,
        reconciler=Reconciler(desk, events, settlement, refunds),
        close=provider.close,
    )
