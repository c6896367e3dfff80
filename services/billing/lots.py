"""Which lots a posting touches. Reads only; `services.billing.ledger` writes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, select

from db.base import constant, table_of
from db.tables.billing import Lot, LotEntry, Transaction, TransactionKind
from db.tables.users import User

_lots, _lines, _entries = table_of(Lot), table_of(Transaction), table_of(LotEntry)
_users = table_of(User)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLot:
    """A lot that holds something, or the part of one that a charge took."""

    id: int
    held: int
    expires_at: datetime | None

    def ended(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


NEVER = datetime.max.replace(tzinfo=UTC)

HOLDS = _lots.c.remaining > constant(0)

# Built once: building and hashing a statement costs more than SQLite takes to run it.
_open_lots = (
    select(_lots.c.id, _lots.c.remaining, _lots.c.expires_at)
    .where(_lots.c.user_id == bindparam("user_id"), HOLDS)
    .order_by(_lots.c.expires_at.is_(None), _lots.c.expires_at, _lots.c.id)
    .with_for_update(key_share=True)
)
_owners_of_ended = (
    select(_lots.c.user_id)
    .where(HOLDS, _lots.c.expires_at <= bindparam("now"))
    .order_by(_lots.c.expires_at)
    .limit(bindparam("limit"))
)
_BY_PREDICTION = (_lines.c.prediction_id == bindparam("cause")) & (_lines.c.kind == constant(TransactionKind.CHARGE))
_BY_MESSAGE = (_lines.c.message_id == bindparam("cause")) & (_lines.c.kind == constant(TransactionKind.CHARGE))


def _charged_user(charge: ColumnElement[bool]) -> Select[Any]:
    holder = select(_users.c.id, _users.c.balance).join(_lines, _lines.c.user_id == _users.c.id).where(charge)
    return holder.with_for_update(of=_users, key_share=True)


def _parts_of(charge: ColumnElement[bool]) -> Select[Any]:
    return (
        select(_entries.c.lot_id, _entries.c.amount, _lots.c.expires_at)
        .join(_lines, _lines.c.id == _entries.c.transaction_id)
        .join(_lots, _lots.c.id == _entries.c.lot_id)
        .where(charge)
        .order_by(_entries.c.lot_id)
        .with_for_update(of=_lots, key_share=True)
    )


_user_of_prediction, _user_of_message = _charged_user(_BY_PREDICTION), _charged_user(_BY_MESSAGE)
_parts_of_prediction, _parts_of_message = _parts_of(_BY_PREDICTION), _parts_of(_BY_MESSAGE)
_returned_parts = (
    select(_entries.c.lot_id, _entries.c.amount)
    .join(_lines, _lines.c.id == _entries.c.transaction_id)
    .where(_lines.c.message_id == bindparam("message_id"), _lines.c.kind == constant(TransactionKind.CHARGE_RETURN))
)
_last_entry = select(func.max(_entries.c.id)).where(_entries.c.lot_id == bindparam("lot_id"))


def open_lots(connection: Connection, user_id: int) -> list[OpenLot]:
    """Locked; earliest-expiring first, those that never expire last."""
    rows = connection.execute(_open_lots, {"user_id": user_id})
    return [OpenLot(id=lot_id, held=held, expires_at=expires_at) for lot_id, held, expires_at in rows]


def lock_charged_user(
    connection: Connection, prediction_id: UUID | None, message_id: UUID | None
) -> tuple[int, int] | None:
    """Id and balance of whom the charge of a prediction, or of an answer, was taken from, locked."""
    asked, cause = (_user_of_prediction, prediction_id) if message_id is None else (_user_of_message, message_id)
    row = connection.execute(asked, {"cause": cause}).first()
    return None if row is None else (row.id, int(row.balance))


def charged_parts(connection: Connection, prediction_id: UUID | None, message_id: UUID | None) -> list[OpenLot]:
    """Locked: the lots that this charge took from, `held` being what it took."""
    asked, cause = (_parts_of_prediction, prediction_id) if message_id is None else (_parts_of_message, message_id)
    rows = connection.execute(asked, {"cause": cause})
    return [OpenLot(id=lot_id, held=-amount, expires_at=expires_at) for lot_id, amount, expires_at in rows]


def returned_parts(connection: Connection, message_id: UUID) -> dict[int, int]:
    """What of an answer's charge has come back, by lot."""
    rows = connection.execute(_returned_parts, {"message_id": message_id})
    return {row.lot_id: row.amount for row in rows}


def owners_of_ended(connection: Connection, *, now: datetime, limit: int) -> list[int]:
    """Users with something left in lots past their end, at most as many as `limit` lots have, in locking order."""
    return sorted(set(connection.scalars(_owners_of_ended, {"now": now, "limit": limit})))


def last_entry(connection: Connection, lot_id: int) -> int:
    """The id of the newest entry: it changes with everything that happens to the lot."""
    return int(connection.execute(_last_entry, {"lot_id": lot_id}).scalar_one())


def take(lots: Iterable[OpenLot], amount: int) -> list[tuple[int, int]]:
    """`amount` out of the lots in their order, as (lot id, negative part); less when they hold less."""
    parts = []
    for lot in lots:
        part = min(lot.held, amount)
        if not part:
            break
        parts.append((lot.id, -part))
        amount -= part
    return parts


def still_held(taken: Iterable[OpenLot], returned: Mapping[int, int]) -> list[OpenLot]:
    """What is left of the parts that a charge took, in their order."""
    left = [replace(lot, held=lot.held - returned.get(lot.id, 0)) for lot in taken]
    return [lot for lot in left if lot.held]


def give_back(taken: Iterable[OpenLot], amount: int) -> list[OpenLot]:
    """`amount` of the parts that a charge took; those of lots that expire last come first, the soonest at the end. In
    the order of their ids, in which lots are changed."""
    back = []
    for lot in sorted(taken, key=lambda each: (each.expires_at or NEVER, each.id), reverse=True):
        part = min(lot.held, amount)
        if part:
            back.append(replace(lot, held=part))
        amount -= part
    return sorted(back, key=lambda each: each.id)


def held_by(lots: Sequence[OpenLot]) -> int:
    return sum(lot.held for lot in lots)
