"""Messages that must arrive: written in the transaction whose news they are, sent later by the chat's edge."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.outbox import OutboxMessage, OutboxStatus
from db.upsert import insert_into
from db.users import User
from services.clock import Clock

_outbox, _users = table_of(OutboxMessage), table_of(User)
LEASE = timedelta(seconds=60)  # how long one sender has before another may try
MAX_ATTEMPTS = 12
MAX_PAUSE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A claimed message. `kind` says who presents the payload."""

    id: int
    user_id: int
    telegram_id: int
    language: str
    kind: str
    payload: JsonObject
    attempts: int
    created_at: datetime


def enqueue(session: Session, *, user_id: int, kind: str, payload: JsonObject, key: str, now: datetime) -> None:
    """Part of a caller's transaction. The same `key` a second time changes nothing."""
    row = {
        "user_id": user_id,
        "kind": kind,
        "payload": payload,
        "key": key,
        "status": OutboxStatus.PENDING,
        "attempts": 0,
        "available_at": now,
        "created_at": now,
    }
    session.execute(insert_into(session, _outbox).on_conflict_do_nothing(index_elements=["key"]), row)


def enqueue_many(session: Session, rows: list[dict[str, Any]], now: datetime) -> None:  # Any: the columns' values
    """Like `enqueue`, for facts that the caller has just made and that cannot have been told before."""
    common = {"status": OutboxStatus.PENDING, "attempts": 0, "available_at": now, "created_at": now}
    session.connection().execute(insert(_outbox), [common | row for row in rows])


class Outbox:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def claim(self, limit: int = 50) -> list[Letter]:
        """Messages that are due, at most one for a chat so that their order holds. What is not settled within the lease
        is claimed again."""
        if not await self._db.read(_any_due, self._clock()):
            return []  # an idle shop does not write
        return await self._db.write(_claim, self._clock(), limit)

    async def sent(self, letter: Letter) -> None:
        await self._db.write(_settle, letter.id, OutboxStatus.SENT, self._clock(), None)

    async def skip(self, letter: Letter, reason: str) -> None:
        await self._db.write(_settle, letter.id, OutboxStatus.SKIPPED, self._clock(), reason)

    async def fail(self, letter: Letter, reason: str) -> None:
        await self._db.write(_settle, letter.id, OutboxStatus.FAILED, self._clock(), reason)

    async def retry(self, letter: Letter, reason: str, after: timedelta | None = None) -> None:
        """Try again `after` that time, or after a growing pause; given up after `MAX_ATTEMPTS` unless Telegram itself
        named the pause."""
        if after is None and letter.attempts >= MAX_ATTEMPTS:
            await self.fail(letter, reason)
            return
        pause = after or min(timedelta(seconds=2**letter.attempts), MAX_PAUSE)
        await self._db.write(_postpone, letter.id, self._clock() + pause, reason, refund_attempt=after is not None)

    async def backlog(self) -> tuple[int, float]:
        """How many messages are due and how old the oldest is, in seconds."""
        return await self._db.read(_backlog, self._clock())


def _any_due(session: Session, now: datetime) -> bool:
    due = select(_outbox.c.id).where(_outbox.c.status == OutboxStatus.PENDING, _outbox.c.available_at <= now)
    return session.scalar(due.limit(1)) is not None


def _claim(session: Session, now: datetime, limit: int) -> list[Letter]:
    earlier = _outbox.alias("earlier")
    first = (
        ~select(earlier.c.id)
        .where(
            earlier.c.user_id == _outbox.c.user_id,
            earlier.c.status == OutboxStatus.PENDING,
            earlier.c.id < _outbox.c.id,
        )
        .exists()
    )
    due = (
        select(_outbox.c.id)
        .where(_outbox.c.status == OutboxStatus.PENDING, _outbox.c.available_at <= now, first)
        .order_by(_outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(due))
    if not ids:
        return []
    session.execute(
        update(_outbox).where(_outbox.c.id.in_(ids)).values(attempts=_outbox.c.attempts + 1, available_at=now + LEASE)
    )
    columns = (
        _outbox.c.id,
        _outbox.c.user_id,
        _users.c.telegram_id,
        _users.c.language,
        _outbox.c.kind,
        _outbox.c.payload,
        _outbox.c.attempts,
        _outbox.c.created_at,
    )
    rows = session.execute(
        select(*columns)
        .join(_users, _users.c.id == _outbox.c.user_id)
        .where(_outbox.c.id.in_(ids))
        .order_by(_outbox.c.id)
    )
    return [Letter(**row) for row in rows.mappings()]


def _settle(session: Session, letter_id: int, status: OutboxStatus, now: datetime, error: str | None) -> None:
    pending = (_outbox.c.id == letter_id) & (_outbox.c.status == OutboxStatus.PENDING)
    session.execute(update(_outbox).where(pending).values(status=status, sent_at=now, error=error and error[:255]))


def _postpone(session: Session, letter_id: int, at: datetime, error: str, *, refund_attempt: bool) -> None:
    attempts = _outbox.c.attempts - (1 if refund_attempt else 0)
    pending = (_outbox.c.id == letter_id) & (_outbox.c.status == OutboxStatus.PENDING)
    session.execute(update(_outbox).where(pending).values(available_at=at, error=error[:255], attempts=attempts))


def _backlog(session: Session, now: datetime) -> tuple[int, float]:
    due = (_outbox.c.status == OutboxStatus.PENDING) & (_outbox.c.available_at <= now)
    row = session.execute(select(func.count(), func.min(_outbox.c.created_at)).where(due)).one()
    return row[0], (now - row[1]).total_seconds() if row[1] else 0.0
