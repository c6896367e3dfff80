"""Messages that must arrive: written in the transaction whose news they are, sent later by the chat's edge."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, literal_column, select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.outbox import OutboxMessage, OutboxStatus, Priority
from db.upsert import insert_into
from db.users import User
from services.clock import Clock

_outbox, _users = table_of(OutboxMessage), table_of(User)
LEASE = timedelta(seconds=60)  # how long one sender has before another may try
MAX_ATTEMPTS = 12
MAX_PAUSE = timedelta(minutes=30)

# A word, not a parameter: only so can either database tell that the index of pending messages alone will do.
_pending = _outbox.c.status == literal_column("'pending'")


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
    blocked: bool
    """The user has blocked the bot: there is no use in trying."""


def enqueue(
    session: Session,
    *,
    user_id: int,
    kind: str,
    payload: JsonObject,
    key: str,
    now: datetime,
    priority: Priority = Priority.ANSWER,
) -> bool:
    """Part of a caller's transaction. The same `key` a second time changes nothing: False."""
    row = {
        "user_id": user_id,
        "kind": kind,
        "payload": payload,
        "key": key,
        "status": OutboxStatus.PENDING,
        "priority": priority,
        "attempts": 0,
        "available_at": now,
        "created_at": now,
    }
    new = insert_into(session, _outbox).values(row).on_conflict_do_nothing(index_elements=["key"])
    return session.execute(new.returning(_outbox.c.id)).first() is not None


def enqueue_many(session: Session, rows: list[dict[str, Any]], now: datetime) -> None:  # Any: the columns' values
    """Like `enqueue`, for facts that the caller has just made and that cannot have been told before."""
    common = {"status": OutboxStatus.PENDING, "attempts": 0, "available_at": now, "created_at": now}
    session.connection().execute(_add, [common | row for row in rows])


_add = insert(_outbox)


class Outbox:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def claim(self, limit: int = 50) -> list[Letter]:
        """Messages that are due, those that somebody waits for before the news; of each, at most one for a chat so that
        their order holds. What is not settled within the lease is claimed again."""
        if not await self._db.read(_any_due, self._clock()):
            return []  # an idle shop does not write
        return await self._db.write(_claim, self._clock(), limit)

    async def sent(self, letter: Letter) -> None:
        await self._db.write(_settle, letter.id, OutboxStatus.SENT, self._clock(), None)

    async def skip(self, letter: Letter, reason: str) -> None:
        await self._db.write(_settle, letter.id, OutboxStatus.SKIPPED, self._clock(), reason)

    async def fail(self, letter: Letter, reason: str) -> None:
        await self._db.write(_settle, letter.id, OutboxStatus.FAILED, self._clock(), reason)

    async def retry(
        self, letter: Letter, reason: str, *, after: timedelta | None = None, attempts: int = MAX_ATTEMPTS
    ) -> None:
        """Try again `after` that time, which costs no attempt, or after a growing pause; given up after `attempts`."""
        if after is None and letter.attempts >= attempts:
            await self.fail(letter, reason)
            return
        pause = after or min(timedelta(seconds=2**letter.attempts), MAX_PAUSE)
        await self._db.write(_postpone, letter.id, self._clock() + pause, reason, refund_attempt=after is not None)

    async def backlog(self) -> tuple[int, float]:
        """How many messages are due and how old the oldest is, in seconds."""
        return await self._db.read(_backlog, self._clock())


_is_due = _pending & (_outbox.c.available_at <= bindparam("now"))
_due = select(_outbox.c.id).where(_is_due)
_earlier = _outbox.alias("earlier")
_earlier_one = select(_earlier.c.id).where(
    _earlier.c.user_id == _outbox.c.user_id,
    _earlier.c.status == literal_column("'pending'"),
    _earlier.c.priority == _outbox.c.priority,
    _earlier.c.id < _outbox.c.id,
)
_in_order = (_outbox.c.priority, _outbox.c.id)
_first_in_chat = _due.where(~_earlier_one.exists()).order_by(*_in_order).with_for_update(skip_locked=True)


def _any_due(session: Session, now: datetime) -> bool:
    return session.execute(_due.limit(1), {"now": now}).first() is not None


def _claim(session: Session, now: datetime, limit: int) -> list[Letter]:
    ids = list(session.scalars(_first_in_chat.limit(limit), {"now": now}))
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
        _users.c.blocked_at.is_not(None).label("blocked"),
    )
    rows = session.execute(
        select(*columns)
        .join(_users, _users.c.id == _outbox.c.user_id)
        .where(_outbox.c.id.in_(ids))
        .order_by(*_in_order)
    )
    return [Letter(**row) for row in rows.mappings()]


def _settle(session: Session, letter_id: int, status: OutboxStatus, now: datetime, error: str | None) -> None:
    sent_at = now if status is OutboxStatus.SENT else None
    values = {"status": status, "sent_at": sent_at, "error": error and _short(error)}
    session.execute(update(_outbox).where(_outbox.c.id == letter_id, _pending).values(values))


def _postpone(session: Session, letter_id: int, at: datetime, error: str, *, refund_attempt: bool) -> None:
    attempts = _outbox.c.attempts - (1 if refund_attempt else 0)
    values = {"available_at": at, "error": _short(error), "attempts": attempts}
    session.execute(update(_outbox).where(_outbox.c.id == letter_id, _pending).values(values))


def _backlog(session: Session, now: datetime) -> tuple[int, float]:
    row = session.execute(select(func.count(), func.min(_outbox.c.created_at)).where(_is_due), {"now": now}).one()
    return row[0], (now - row[1]).total_seconds() if row[1] else 0.0


def _short(error: str) -> str:
    return error.replace("\x00", "")[:255]  # PostgreSQL takes no zero characters
