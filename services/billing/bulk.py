"""The ledger's hand for many users at once: the same lines, lots and entries as `ledger.grant`, set by set.

A chunk is one transaction, and one process grants at a time: the bonus lots made since the chunk began are its own, and
the rest follows from them by unique keys, so that no database needs statistics to find a good plan."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, exists, func, insert, literal, select, text, update
from sqlalchemy.orm import Session

from db.base import Json, UtcDateTime, table_of
from db.tables.billing import BonusGrant, Lot, LotEntry, Transaction, TransactionKind
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.users import User
from services.notifications.kinds.credits import BonusGranted

_users, _grants, _lots = table_of(User), table_of(BonusGrant), table_of(Lot)
_lines, _entries, _outbox = table_of(Transaction), table_of(LotEntry), table_of(OutboxMessage)
BUSY = 0x6B617373  # PostgreSQL's advisory lock of the weekly bonus


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyGrant:
    """`week` is ISO (2026-W47), `amount` hundredths; users who came by `joined_by` and were seen since `active_since`
    get it."""

    week: str
    amount: int
    expires_at: datetime
    active_since: datetime
    joined_by: datetime
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
    before = session.scalar(select(func.max(_lots.c.id))) or 0
    _add_lots(session, weekly, after, size)
    fresh = (_lots.c.id > before) & (_lots.c.kind == TransactionKind.BONUS)
    granted, last = session.execute(select(func.count(), func.max(_lots.c.user_id)).where(fresh)).one()
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
        & _users.c.deleted_at.is_(None)
        & (_users.c.last_seen_at >= weekly.active_since)
        & (_users.c.created_at <= weekly.joined_by)
        & ~has_it
    )


def _add_lots(session: Session, weekly: WeeklyGrant, after: int, size: int) -> None:
    """Who gets a lot here gets everything else. Locks these users, and no others, in the order of their ids."""
    amount, now = literal(weekly.amount), literal(weekly.now, UtcDateTime())
    kind, end = literal(str(TransactionKind.BONUS)), literal(weekly.expires_at, UtcDateTime())
    lots = select(_users.c.id, kind, amount, amount, end, now).where(_eligible(weekly, after))
    chunk = lots.order_by(_users.c.id).limit(size).with_for_update(key_share=True)
    columns = ["user_id", "kind", "amount", "remaining", "expires_at", "created_at"]
    session.execute(insert(_lots).from_select(columns, chunk))


def _post(session: Session, weekly: WeeklyGrant, fresh: ColumnElement[bool]) -> None:
    """Balances, lines, entries, grants and messages of the `fresh` lots."""
    amount, now = literal(weekly.amount), literal(weekly.now, UtcDateTime())
    kind = literal(str(TransactionKind.BONUS))
    key = literal(f"bonus:{weekly.week}:") + cast(_lots.c.user_id, String)  # of the line and the message
    whom = select(_lots.c.user_id).where(fresh)
    session.execute(update(_users).where(_users.c.id.in_(whom)).values(balance=_users.c.balance + weekly.amount))

    lines = select(_users.c.id, kind, amount, _users.c.balance, key, now)
    columns = ["user_id", "kind", "amount", "balance_after", "key", "created_at"]
    session.execute(insert(_lines).from_select(columns, lines.join(_lots, _lots.c.user_id == _users.c.id).where(fresh)))

    by_key = _lots.join(_lines, _lines.c.key == key)
    entries = select(_lines.c.id, _lots.c.id, amount).select_from(by_key).where(fresh)
    session.execute(insert(_entries).from_select(["transaction_id", "lot_id", "amount"], entries))

    grants = select(_lots.c.user_id, literal(weekly.week), amount, _lines.c.id, now).select_from(by_key).where(fresh)
    columns = ["user_id", "week", "amount", "transaction_id", "created_at"]
    session.execute(insert(_grants).from_select(columns, grants))

    _tell(session, weekly, fresh, key)


def _tell(session: Session, weekly: WeeklyGrant, fresh: ColumnElement[bool], key: ColumnElement[str]) -> None:
    """A message to everyone who wants one and can get it."""
    now = literal(weekly.now, UtcDateTime())
    news = BonusGranted(amount=weekly.amount, week=weekly.week, expires_at=weekly.expires_at)
    message = {
        "user_id": _users.c.id,
        "kind": literal(str(news.kind)),
        "payload": literal(news.dump(), Json),
        "key": key,
        "status": literal(str(OutboxStatus.PENDING)),
        "priority": literal(int(news.priority)),
        "attempts": literal(0),
        "available_at": now,
        "created_at": now,
    }
    wanted = fresh & _users.c.telegram_id.is_not(None) & _users.c.blocked_at.is_(None) & ~_users.c.bonus_muted
    messages = select(*message.values()).join(_lots, _lots.c.user_id == _users.c.id).where(wanted)
    session.execute(insert(_outbox).from_select(list(message), messages))
