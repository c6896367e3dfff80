"""Notifications: kept as they come, answered, and only then looked into by asking the provider."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.payments import PaymentEvent
from db.upsert import insert_into
from services.clock import Clock
from services.payments.provider import NotFound, ProviderError
from services.payments.refunds import Refunds
from services.payments.settlement import Settlement

log = structlog.get_logger()

_events = table_of(PaymentEvent)
MAX_PAUSE = timedelta(hours=1)
LEASE = timedelta(seconds=60)
KNOWN = ("payment.waiting_for_capture", "payment.succeeded", "payment.canceled", "refund.succeeded")


class BadNotification(Exception):
    """Not a notification at all: nobody who should write to us writes this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What a notification claims; nothing of it is believed."""

    event: str
    object_id: str
    payment_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    id: int
    event: str
    object_id: str
    body: JsonObject
    attempts: int


def read_hint(body: Any) -> Hint:  # Any: whatever somebody posted
    """Raises `BadNotification`."""
    if not isinstance(body, dict) or body.get("type") != "notification":
        raise BadNotification("not a notification")
    event, thing = body.get("event"), body.get("object")
    object_id = thing.get("id") if isinstance(thing, dict) else None
    if not (isinstance(event, str) and 0 < len(event) <= 64):
        raise BadNotification("no event")
    if not (isinstance(object_id, str) and 0 < len(object_id) <= 64 and object_id.isprintable()):
        raise BadNotification("no object id")
    payment_id = thing.get("payment_id") if isinstance(thing, dict) else None
    return Hint(event=event, object_id=object_id, payment_id=payment_id if isinstance(payment_id, str) else None)


class Events:
    """`handle_due` is woken after each new notification and by the reconciler."""

    def __init__(self, db: Database, clock: Clock, settlement: Settlement, refunds: Refunds, *, provider: str) -> None:
        self._db = db
        self._clock = clock
        self._settlement = settlement
        self._refunds = refunds
        self._provider = provider

    async def keep(self, body: Any) -> bool:  # Any: whatever somebody posted
        """Store a notification; True when there is something new to look into. Raises `BadNotification`."""
        hint = read_hint(body)
        return await self._db.write(_keep, self._provider, hint, body, self._clock())

    async def handle_due(self, limit: int = 20) -> int:
        """Look into notifications whose time has come; returns how many were finished."""
        done = 0
        for event in await self._db.write(_claim, self._clock(), limit):
            done += await self._handle(event)
        return done

    async def _handle(self, event: EventView) -> bool:
        try:
            note = await self._look_into(event)
        except NotFound:
            note = "the provider knows no such object"
        except ProviderError as error:
            await self._db.write(_postpone, event, error.code, self._clock())
            return False
        if note is not None:
            log.warning("notification_ignored", event_id=event.id, kind=event.event, reason=note)
        await self._db.write(_finish, event.id, note, self._clock())
        return True

    async def _look_into(self, event: EventView) -> str | None:
        """Why nothing followed from it, or None."""
        if event.event not in KNOWN:
            return "unknown event"
        if event.event == "refund.succeeded":
            return await self._refunds.learn(event.object_id)
        return await self._settlement.learn(event.object_id)


def _keep(session: Session, provider: str, hint: Hint, body: JsonObject, now: datetime) -> bool:
    row = {
        "provider": provider,
        "event": hint.event,
        "object_id": hint.object_id,
        "body": body,
        "attempts": 0,
        "next_attempt_at": now,
        "received_at": now,
    }
    same = ["provider", "event", "object_id"]
    new = insert_into(session, _events).on_conflict_do_nothing(index_elements=same).returning(_events.c.id)
    return session.scalar(new, row) is not None


def _claim(session: Session, now: datetime, limit: int) -> list[EventView]:
    due = (
        select(_events.c.id)
        .where(_events.c.handled_at.is_(None), _events.c.next_attempt_at <= now)
        .order_by(_events.c.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    columns = (_events.c.id, _events.c.event, _events.c.object_id, _events.c.body, _events.c.attempts)
    rows = session.execute(
        update(_events)
        .where(_events.c.id.in_(due.scalar_subquery()))
        .values(attempts=_events.c.attempts + 1, next_attempt_at=now + LEASE)
        .returning(*columns)
    )
    return [EventView(**row) for row in rows.mappings()]


def _finish(session: Session, event_id: int, note: str | None, now: datetime) -> None:
    session.execute(update(_events).where(_events.c.id == event_id).values(handled_at=now, error=note and note[:255]))


def _postpone(session: Session, event: EventView, error: str, now: datetime) -> None:
    pause = min(timedelta(seconds=5 * 2**event.attempts), MAX_PAUSE)
    here = _events.c.id == event.id
    session.execute(update(_events).where(here).values(next_attempt_at=now + pause, error=error[:255]))
