"""Where the credits of a payment stand, which a refund of it takes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from db.base import constant, table_of
from db.tables.billing import Lot, LotEntry, Transaction, TransactionKind
from db.tables.plans import SubscriptionPeriod
from services.billing.merges import merge_of, move_on

_lines, _entries, _lots = table_of(Transaction), table_of(LotEntry), table_of(Lot)
_periods = table_of(SubscriptionPeriod)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLots:
    """`user_id`: who has them now."""

    user_id: int
    ids: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Hundredths of a credit for what was not used of a period."""

    credits: int
    at: datetime


def paid_lots(session: Session, payment_id: UUID, now: datetime) -> PaidLots | None:
    """Those that the payment's top-up made, or its period, or what came back of that; where the account became part of
    another one, those there. What came to the old account since then goes there first. None where nothing was
    brought."""
    return _whereabouts(session, _brought_by(session, payment_id), now)


def has_period(session: Session, payment_id: UUID) -> bool:
    """Whether money for a plan bought one."""
    return session.scalar(select(_periods.c.id).where(_periods.c.payment_id == payment_id)) is not None


def returned_of(session: Session, payment_id: UUID) -> Returned | None:
    """What a period that was paid became when a dearer plan took its place."""
    mine = select(_lines.c.amount, _lines.c.created_at).join(_periods, _periods.c.id == _lines.c.period_id)
    back = _lines.c.kind == constant(TransactionKind.PERIOD_RETURN)
    row = session.execute(mine.where(_periods.c.payment_id == payment_id, back)).first()
    return None if row is None else Returned(credits=row.amount, at=row.created_at)


def lots_of_period(session: Session, period_id: int, now: datetime) -> PaidLots | None:
    """The same of a period, paid or not."""
    return _whereabouts(session, _of_period(period_id), now)


def held_of_payment(session: Session, payment_id: UUID, now: datetime) -> int:
    """Hundredths of its credits that are left, wherever they stand. Reads only."""
    return _held(session, _brought_by(session, payment_id), now)


def held_of_period(session: Session, period_id: int, now: datetime) -> int:
    return _held(session, _of_period(period_id), now)


def _whereabouts(
    session: Session,
    made: Select[Any],  # Any: as below
    now: datetime,
) -> PaidLots | None:
    line = session.execute(made).first()
    if line is None:
        return None
    merge = merge_of(session, line.user_id)
    if merge is None:
        return PaidLots(user_id=line.user_id, ids=[line.lot_id])
    move_on(session, merge, now)
    moved = select(_lots.c.id).where(_lots.c.moved_from_id == line.lot_id, _lots.c.user_id == merge.into_user_id)
    return PaidLots(user_id=merge.into_user_id, ids=list(session.scalars(moved)))


def _held(session: Session, made: Select[Any], now: datetime) -> int:  # Any: as below
    first = made.with_only_columns(_entries.c.lot_id).scalar_subquery()
    family = (_lots.c.id == first) | (_lots.c.moved_from_id == first)
    alive = _lots.c.expires_at.is_(None) | (_lots.c.expires_at > now)
    return int(session.scalar(select(func.sum(_lots.c.remaining)).where(family, alive)) or 0)


def _brought_by(session: Session, payment_id: UUID) -> Select[Any]:  # Any: statements of tables carry no types
    """The line with which a payment brought credits: at once, or those of its period, or those that it became."""
    period_id = session.scalar(select(_periods.c.id).where(_periods.c.payment_id == payment_id))
    if period_id is not None:
        became = returned_of(session, payment_id) is not None
        return _of_period(period_id, TransactionKind.PERIOD_RETURN if became else TransactionKind.PERIOD)
    return _lots_made((_lines.c.payment_id == payment_id) & (_lines.c.kind == constant(TransactionKind.TOPUP)))


def _of_period(period_id: int, kind: TransactionKind = TransactionKind.PERIOD) -> Select[Any]:  # Any: as above
    return _lots_made((_lines.c.period_id == period_id) & (_lines.c.kind == constant(kind)))


def _lots_made(here: ColumnElement[bool]) -> Select[Any]:  # Any: as above
    return (
        select(_lines.c.user_id, _entries.c.lot_id).join(_entries, _entries.c.transaction_id == _lines.c.id).where(here)
    )
