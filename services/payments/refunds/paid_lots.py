"""Where the credits of a payment stand, which a refund of it takes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.billing import Lot, LotEntry, Transaction, TransactionKind
from services.billing.merges import merge_of, move_on

_lines, _entries, _lots = table_of(Transaction), table_of(LotEntry), table_of(Lot)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLots:
    """`user_id`: who has them now."""

    user_id: int
    ids: Sequence[int]


def paid_lots(session: Session, payment_id: UUID, *, user_id: int, now: datetime) -> PaidLots | None:
    """Those that the payment's top-up made; where the account of `user_id` became part of another one, those there.
    What came to the old account since then goes there first. None where nothing was topped up."""
    lot_id = session.scalar(_topped_up(payment_id))
    if lot_id is None:
        return None
    merge = merge_of(session, user_id)
    if merge is None:
        return PaidLots(user_id=user_id, ids=[lot_id])
    move_on(session, merge, now)
    moved = select(_lots.c.id).where(_lots.c.moved_from_id == lot_id, _lots.c.user_id == merge.into_user_id)
    return PaidLots(user_id=merge.into_user_id, ids=list(session.scalars(moved)))


def held_of_payment(session: Session, payment_id: UUID, now: datetime) -> int:
    """Hundredths of its credits that are left, wherever they stand. Reads only."""
    first = _topped_up(payment_id).scalar_subquery()
    family = (_lots.c.id == first) | (_lots.c.moved_from_id == first)
    alive = _lots.c.expires_at.is_(None) | (_lots.c.expires_at > now)
    return int(session.scalar(select(func.sum(_lots.c.remaining)).where(family, alive)) or 0)


def _topped_up(payment_id: UUID) -> Select[Any]:  # Any: statements of tables carry no types
    topup = (_lines.c.payment_id == payment_id) & (_lines.c.kind == TransactionKind.TOPUP)
    return select(_entries.c.lot_id).join(_lines, _lines.c.id == _entries.c.transaction_id).where(topup)
