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
class Cause:
    """What a charge is for: a prediction, an answer of an assistant (`message_id`) or the rows of a table
    (`scoring_id`)."""

    column: str
    id: UUID

    @classmethod
    def of(cls, *, prediction_id: UUID | None, message_id: UUID | None, scoring_id: UUID | None) -> "Cause":
        """Exactly one is given. Raises ValueError."""
        given = {"prediction_id": prediction_id, "message_id": message_id, "scoring_id": scoring_id}
        causes = [cls(column=column, id=cause) for column, cause in given.items() if cause is not None]
        if len(causes) != 1:
            raise ValueError("a charge has one cause")
        return causes[0]

    def __str__(self) -> str:
        """In keys of lines."""
        kind = self.column.removesuffix("_id")
        return str(self.id) if kind == "prediction" else f"{kind}:{self.id}"

    @property
    def may_come_back_in_parts(self) -> bool:
        return self.column != "prediction_id"


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
_CHARGES = _lines.c.kind == constant(TransactionKind.CHARGE)


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


_CAUSES = tuple(_lines.c[name] for name in ("prediction_id", "message_id", "scoring_id"))
_users_of = {c.name: _charged_user(_CHARGES & (c == bindparam("cause"))) for c in _CAUSES}
_parts_by = {c.name: _parts_of(_CHARGES & (c == bindparam("cause"))) for c in _CAUSES}
_returned_by = {
    c.name: select(_entries.c.lot_id, _entries.c.amount)
    .join(_lines, _lines.c.id == _entries.c.transaction_id)
    .where(c == bindparam("cause"), _lines.c.kind == constant(TransactionKind.CHARGE_RETURN))
    for c in _CAUSES
}
_last_entry = select(func.max(_entries.c.id)).where(_entries.c.lot_id == bindparam("lot_id"))


def open_lots(connection: Connection, user_id: int) -> list[OpenLot]:
    """Locked; earliest-expiring first, those that never expire last."""
    rows = connection.execute(_open_lots, {"user_id": user_id})
    return [OpenLot(id=lot_id, held=held, expires_at=expires_at) for lot_id, held, expires_at in rows]


def lock_charged_user(connection: Connection, cause: Cause) -> tuple[int, int] | None:
    """Id and balance of whom its charge was taken from, locked."""
    row = connection.execute(_users_of[cause.column], {"cause": cause.id}).first()
    return None if row is None else (row.id, int(row.balance))


def charged_parts(connection: Connection, cause: Cause) -> list[OpenLot]:
    """Locked: the lots that this charge took from, `held` being what it took."""
    rows = connection.execute(_parts_by[cause.column], {"cause": cause.id})
    return [OpenLot(id=lot_id, held=-amount, expires_at=expires_at) for lot_id, amount, expires_at in rows]


def returned_parts(connection: Connection, cause: Cause) -> dict[int, int]:
    """What of its charge has come back, by lot."""
    rows = connection.execute(_returned_by[cause.column], {"cause": cause.id})
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
