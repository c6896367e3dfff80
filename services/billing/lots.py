"""Which lots a posting touches. Reads only; `services.billing.ledger` writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, func, literal_column, select

from db.base import table_of
from db.tables.billing import Lot, LotEntry, Transaction

_lots, _lines, _entries = table_of(Lot), table_of(Transaction), table_of(LotEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLot:
    """A lot that holds something, or the part of one that a charge took."""

    id: int
    held: int
    expires_at: datetime | None

    def ended(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


# A digit, not a parameter: only so can either database tell that the index of lots that hold something will do.
HOLDS = _lots.c.remaining > literal_column("0")

# Built once: building and hashing a statement costs more than SQLite takes to run it.
_open_lots = (
    select(_lots.c.id, _lots.c.remaining, _lots.c.expires_at)
    .where(_lots.c.user_id == bindparam("user_id"), HOLDS)
    .order_by(_lots.c.expires_at.is_(None), _lots.c.expires_at, _lots.c.id)
    .with_for_update(key_share=True)
)
_charged_parts = (
    select(_entries.c.lot_id, _entries.c.amount, _lots.c.expires_at)
    .join(_lots, _lots.c.id == _entries.c.lot_id)
    .where(_entries.c.transaction_id == bindparam("line_id"))
    .order_by(_entries.c.lot_id)
    .with_for_update(of=_lots, key_share=True)
)
_owners_of_ended = (
    select(_lots.c.user_id)
    .where(HOLDS, _lots.c.expires_at <= bindparam("now"))
    .order_by(_lots.c.expires_at)
    .limit(bindparam("limit"))
)
_charge_of = select(_lines.c.id, _lines.c.user_id).where(
    _lines.c.prediction_id == bindparam("prediction_id"), _lines.c.kind == "charge"
)
_last_entry = select(func.max(_entries.c.id)).where(_entries.c.lot_id == bindparam("lot_id"))


def open_lots(connection: Connection, user_id: int) -> list[OpenLot]:
    """Locked; earliest-expiring first, those that never expire last."""
    rows = connection.execute(_open_lots, {"user_id": user_id})
    return [OpenLot(id=lot_id, held=held, expires_at=expires_at) for lot_id, held, expires_at in rows]


def charged_parts(connection: Connection, line_id: int) -> list[OpenLot]:
    """Locked: the lots that a charge took from, `held` being what it took."""
    rows = connection.execute(_charged_parts, {"line_id": line_id})
    return [OpenLot(id=lot_id, held=-amount, expires_at=expires_at) for lot_id, amount, expires_at in rows]


def charge_of(connection: Connection, prediction_id: UUID) -> tuple[int, int] | None:
    """The id and the user of a prediction's charge."""
    row = connection.execute(_charge_of, {"prediction_id": prediction_id}).first()
    return None if row is None else (row.id, row.user_id)


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


def held_by(lots: Sequence[OpenLot]) -> int:
    return sum(lot.held for lot in lots)
