"""Claims on the tables `payment_events` and `payments`: what is looked into now, and by whom. The same statements on
both databases; on PostgreSQL rows locked by another process are skipped, on SQLite there is one writer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.payments import PaymentEvent
from services.payments.closing import LAST_MOMENT
from services.payments.other_shop import askable
from services.payments.queries import PaymentView, payment_view, payments

_events = table_of(PaymentEvent)

EVENT_LEASE = timedelta(minutes=5)  # longer than any look into a batch takes
PAUSES = tuple(timedelta(seconds=s) for s in (20, 30, 60, 60, 120, 300, 600, 1800, 3600))
LAST_LOOK = timedelta(days=1)  # at a canceled payment, after the first one


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    id: int
    provider: str
    event: str
    object_id: str
    attempts: int


def claim_events(session: Session, now: datetime, limit: int) -> list[EventView]:
    due = (
        select(_events.c.id)
        .where(_events.c.handled_at.is_(None), _events.c.next_attempt_at <= now)
        .order_by(_events.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")  # evaluated once; a subquery may be run again by PostgreSQL, and then finds more
    )
    rows = session.execute(
        update(_events)
        .where(_events.c.id.in_(select(due.c.id)))
        .values(attempts=_events.c.attempts + 1, next_attempt_at=now + EVENT_LEASE)
        .returning(_events.c.id, _events.c.provider, _events.c.event, _events.c.object_id, _events.c.attempts)
    )
    return [EventView(**row) for row in rows.mappings()]


def claim_payments(
    session: Session, now: datetime, limit: int, *, shops: Mapping[str, str], everything: bool
) -> list[PaymentView]:
    """Those that a key of ours can ask for. Moves each on to its next look: two reconcilers do not ask for one."""
    due = payments.c.next_check_at.is_not(None) if everything else payments.c.next_check_at <= now
    rows = session.execute(
        select(payments)
        .where(due, askable(shops))
        .order_by(payments.c.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    found = [payment_view(row) for row in rows]
    for payment in found:
        values: dict[str, Any] = {"next_check_at": _next_look(payment, now), "checks": payment.checks + 1}
        session.execute(update(payments).where(payments.c.id == payment.id).values(values))
    return found


def _next_look(payment: PaymentView, now: datetime) -> datetime | None:
    if payment.is_open:
        pause = now + PAUSES[min(payment.checks, len(PAUSES) - 1)]
        over = None if payment.deadline_at is None else payment.deadline_at + LAST_MOMENT
        return pause if over is None or over <= now else min(pause, over)
    return now + LAST_LOOK if payment.checks == 0 else None
