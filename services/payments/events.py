"""Notifications: kept as they come, answered, and only then looked into by asking the provider."""

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Executable, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.errors import DatabaseUnavailable
from db.tables.payments import PaymentEvent
from db.upsert import insert_of
from services.payments.alerts import not_authorized
from services.payments.claims import EventView, claim_events
from services.payments.context import PaymentsContext
from services.payments.providers.base import (
    NotAuthorized,
    NotFound,
    OtherShop,
    ProviderError,
    ProviderEvent,
    Refused,
    Subject,
)
from services.payments.refunds.service import Refunds
from services.payments.settlement import Settlement, TooEarly, together

log = structlog.get_logger()

_events = table_of(PaymentEvent)
AT_ONCE = 40
MAX_PAUSE = timedelta(hours=1)
EARLY_ATTEMPTS = 8  # ten minutes in all; then only polling finds out
DATABASE_PAUSE = 5.0  # seconds
FORGET_FOREIGN = timedelta(days=7)
FORGET = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """How a look into an event ended; `note`: why nothing followed from it. `again`: it has to be looked into once
    more."""

    event: EventView
    note: str | None = None
    again: bool = False


class Events:
    """`run` and the reconciler look into what `keep` has stored."""

    def __init__(self, ctx: PaymentsContext, settlement: Settlement, refunds: Refunds) -> None:
        self._ctx = ctx
        self._settlement = settlement
        self._refunds = refunds
        self._wake = asyncio.Event()

    async def keep(self, event: ProviderEvent) -> None:
        """Store a notification; once this returns it may be acknowledged. Raises `DatabaseUnavailable`."""
        await self._ctx.db.write(_keep, event, self._ctx.clock())
        self._wake.set()

    async def run(self) -> None:
        """Look into notifications as they come, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.handle_due()
            except DatabaseUnavailable as error:
                log.warning("notifications_wait_for_database", error=str(error))
                self._wake.set()
                await asyncio.sleep(DATABASE_PAUSE)

    async def handle_due(self) -> int:
        """Look into all notifications whose time has come; returns how many were finished."""
        done = 0
        while True:
            batch = await self._ctx.db.write(claim_events, self._ctx.clock(), AT_ONCE)
            if not batch:
                return done
            seen = await together(self._look_into(event) for event in batch)
            await self._ctx.db.write(_finish, seen, self._ctx.clock())
            done += sum(not each.again for each in seen)

    async def forget(self) -> int:
        """Delete old notifications, those that were not about us sooner; returns how many."""
        return await self._ctx.db.write(_forget, self._ctx.clock())

    async def unhandled(self) -> int:
        return await self._ctx.db.read(_unhandled)

    async def _look_into(self, event: EventView) -> _Seen:
        try:
            note = await self._follow(event)
        except TooEarly as error:
            note = f"the provider says otherwise: {error}"
            return _Seen(event=event, note=note, again=event.attempts < EARLY_ATTEMPTS)
        except NotFound:
            note = "the provider knows no such object"
        except Refused as error:
            note = f"the provider does not tell: {error.code}"
        except OtherShop:
            note = "the settings do not name its provider any more"
        except ProviderError as error:
            if isinstance(error, NotAuthorized):
                merchant = self._ctx.accounts.of(event.provider).merchant
                await self._ctx.db.write(not_authorized, merchant, self._ctx.clock(), error=error)
                self._ctx.on_news()
            return _Seen(event=event, note=error.code, again=True)
        except DatabaseUnavailable:
            raise
        except Exception:  # one that we cannot handle must not stop the others
            log.exception("notification_failed", event_id=event.id, kind=event.event)
            return _Seen(event=event, note="failed", again=True)
        if note is not None:
            log.warning("notification_ignored", event_id=event.id, kind=event.event, reason=note)
        return _Seen(event=event, note=note)

    async def _follow(self, event: EventView) -> str | None:
        """Why nothing followed from it, or None."""
        account = self._ctx.accounts.of(event.provider)
        match account.provider.subject_of(event.event):
            case Subject.PAYMENT:
                return await self._settlement.learn(event.object_id, account)
            case Subject.REFUND:
                return await self._refunds.learn(event.object_id, account)
            case Subject.METHOD:
                return None
        return "unknown event"


def _keep(session: Session, event: ProviderEvent, now: datetime) -> None:
    """A repeat of one that came to nothing so far is looked into at once: the first may have been forged, or early."""
    row = {
        "provider": event.provider,
        "event": event.event,
        "object_id": event.object_id,
        "body": event.body,
        "attempts": 0,
        "next_attempt_at": now,
        "received_at": now,
    }
    dialect = session.get_bind().dialect.name
    session.connection().execute(_kept(dialect), row)


@functools.cache  # building and hashing a statement costs more than SQLite takes to run it
def _kept(dialect: str) -> Executable:
    new = insert_of(dialect)(_events)
    return new.on_conflict_do_update(
        index_elements=["provider", "event", "object_id"],
        set_={"handled_at": None, "attempts": 0, "next_attempt_at": new.excluded.next_attempt_at},
        where=_events.c.error.is_not(None),
    )


def _finish(session: Session, seen: Sequence[_Seen], now: datetime) -> None:
    """One that has been claimed anew, or begun anew by a repeat, is left to whoever looks into it next."""
    ends = []
    for each in sorted(seen, key=lambda each: each.event.id):
        pause = min(timedelta(seconds=2.5 * 2**each.event.attempts), MAX_PAUSE)
        end = {"row": each.event.id, "claim": each.event.attempts, "note": each.note and each.note[:255]}
        ends.append(end | {"handled": None if each.again else now, "next": now + pause})
    session.connection().execute(_end, ends)


_end = (
    update(_events)
    .where(_events.c.id == bindparam("row"), _events.c.attempts == bindparam("claim"))
    .values(error=bindparam("note"), handled_at=bindparam("handled"), next_attempt_at=bindparam("next"))
)


def _forget(session: Session, now: datetime) -> int:
    foreign = _events.c.error.is_not(None) & (_events.c.handled_at < now - FORGET_FOREIGN)
    old = _events.c.handled_at < now - FORGET
    gone = session.execute(delete(_events).where(foreign | old).returning(_events.c.id))
    return len(gone.all())


def _unhandled(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(_events).where(_events.c.handled_at.is_(None))) or 0
