"""The ledger's hand for many users at once: the same lines, lots and entries as `ledger.grant`, set by set.

A chunk is one transaction. `bonus_grants` decides who gets something (one row a user a week, by constraint); the rows
of a chunk that have no transaction yet are those it has just inserted."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, exists, func, insert, literal, select, text, update
from sqlalchemy.orm import Session

from db.base import Json, UtcDateTime, table_of
from db.billing import BonusGrant, Lot, LotEntry, Transaction, TransactionKind
from db.outbox import OutboxMessage, OutboxStatus, Priority
from db.upsert import insert_into
from db.users import User

_users, _grants, _lots = table_of(User), table_of(BonusGrant), table_of(Lot)
_lines, _entries, _outbox = table_of(Transaction), table_of(LotEntry), table_of(OutboxMessage)
BUSY = 0x6B617373  # PostgreSQL's advisory lock of the weekly bonus


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyGrant:
    """`week` is ISO (2026-W47), `amount` hundredths; users seen since `active_since` get it."""

    week: str
    amount: int
    expires_at: datetime
    active_since: datetime
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """`last_user_id`: where the next chunk begins; None when everybody has been looked at."""

    granted: int
    last_user_id: int | None


def grant_chunk(session: Session, weekly: WeeklyGrant, after: int, size: int) -> Chunk | None:
    """Grant to the next `size` users past `after`. None: another process is granting right now."""
    if not _alone(session):
        return None
    last = _last_of_chunk(session, weekly, after, size)
    if last is None:
        return Chunk(granted=0, last_user_id=None)
    _insert_grants(session, weekly, after, last)
    fresh = (
        (_grants.c.week == weekly.week)
        & _grants.c.transaction_id.is_(None)
        & (_grants.c.user_id > after)
        & (_grants.c.user_id <= last)
    )
    granted = session.scalar(select(func.count()).select_from(_grants).where(fresh)) or 0
    if granted:
        _post(session, weekly, fresh)
    return Chunk(granted=granted, last_user_id=last)


def _alone(session: Session) -> bool:
    if session.get_bind().dialect.name == "sqlite":  # one writer anyway
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": BUSY}))


def _eligible(weekly: WeeklyGrant, after: int) -> ColumnElement[bool]:
    has_it = exists().where(_grants.c.user_id == _users.c.id, _grants.c.week == weekly.week)
    return (
        (_users.c.id > after)
        & _users.c.disabled_at.is_(None)
        & (_users.c.last_seen_at >= weekly.active_since)
        & ~has_it
    )


def _last_of_chunk(session: Session, weekly: WeeklyGrant, after: int, size: int) -> int | None:
    """Locks the chunk's users, in the order of their ids."""
    chunk = select(_users.c.id).where(_eligible(weekly, after)).order_by(_users.c.id).limit(size)
    ids = session.scalars(chunk.with_for_update()).all()
    return ids[-1] if ids else None


def _insert_grants(session: Session, weekly: WeeklyGrant, after: int, last: int) -> None:
    chosen = select(
        _users.c.id, literal(weekly.week), literal(weekly.amount), literal(weekly.now, UtcDateTime())
    ).where(_eligible(weekly, after), _users.c.id <= last)
    columns = ["user_id", "week", "amount", "created_at"]
    session.execute(insert_into(session, _grants).from_select(columns, chosen).on_conflict_do_nothing())


def _post(session: Session, weekly: WeeklyGrant, fresh: ColumnElement[bool]) -> None:
    """Balances, lots, lines, entries and messages of the grants just inserted."""
    amount, now = literal(weekly.amount), literal(weekly.now, UtcDateTime())
    kind, key = TransactionKind.BONUS, _key(weekly)
    whom = select(_grants.c.user_id).where(fresh)
    session.execute(update(_users).where(_users.c.id.in_(whom)).values(balance=_users.c.balance + weekly.amount))

    lots = select(_grants.c.user_id, literal(str(kind)), amount, amount, literal(weekly.expires_at, UtcDateTime()), now)
    columns = ["user_id", "kind", "amount", "remaining", "expires_at", "created_at"]
    session.execute(insert(_lots).from_select(columns, lots.where(fresh)))

    lines = select(_users.c.id, literal(str(kind)), amount, _users.c.balance, key, now)
    columns = ["user_id", "kind", "amount", "balance_after", "key", "created_at"]
    joined = lines.join(_grants, _grants.c.user_id == _users.c.id).where(fresh)
    session.execute(insert(_lines).from_select(columns, joined))

    # The user's newest lot is this one: the user is locked since the balance changed.
    lot = select(func.max(_lots.c.id)).where(_lots.c.user_id == _grants.c.user_id, _lots.c.remaining > 0)
    entries = select(_lines.c.id, lot.scalar_subquery(), amount).join(_grants, _lines.c.key == key).where(fresh)
    session.execute(insert(_entries).from_select(["transaction_id", "lot_id", "amount"], entries))

    _tell(session, weekly, fresh)
    line = select(_lines.c.id).where(_lines.c.key == key).scalar_subquery()
    session.execute(update(_grants).where(fresh).values(transaction_id=line))


def _key(weekly: WeeklyGrant) -> ColumnElement[str]:
    """What a grant's line and message are called."""
    return literal(f"bonus:{weekly.week}:") + cast(_grants.c.user_id, String)


def _tell(session: Session, weekly: WeeklyGrant, fresh: ColumnElement[bool]) -> None:
    """A message to everyone who wants one and can get it."""
    now = literal(weekly.now, UtcDateTime())
    payload = {"amount": weekly.amount, "week": weekly.week, "expires_at": weekly.expires_at.isoformat()}
    key = _key(weekly)
    messages = (
        select(
            _users.c.id,
            literal("bonus"),
            literal(payload, Json),
            key,
            literal(str(OutboxStatus.PENDING)),
            literal(int(Priority.NEWS)),
            literal(0),
            now,
            now,
        )
        .join(_grants, _grants.c.user_id == _users.c.id)
        .where(fresh, _users.c.blocked_at.is_(None), ~_users.c.bonus_muted)
    )
    columns = ["user_id", "kind", "payload", "key", "status", "priority", "attempts", "available_at", "created_at"]
    session.execute(insert(_outbox).from_select(columns, messages))
