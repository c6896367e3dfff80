"""Credits that refunds of money should have taken and could not, because they were spent: `ledger` takes them when they
come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update

from db.base import constant, table_of
from db.tables.billing import LotEntry, Transaction, TransactionKind
from db.tables.payments import Payment, Refund

_lines, _entries = table_of(Transaction), table_of(LotEntry)
_payments, _refunds = table_of(Payment), table_of(Refund)


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """`lot_id`: of the refunded payment; `owed` in hundredths."""

    refund_id: UUID
    lot_id: int
    owed: int


# Built once: building and hashing a statement costs more than SQLite takes to run it.
_debts = (
    select(_refunds.c.id, _entries.c.lot_id, _refunds.c.credits_uncollected)
    .join(_payments, _payments.c.id == _refunds.c.payment_id)
    .join(_lines, (_lines.c.payment_id == _payments.c.id) & (_lines.c.kind == constant(TransactionKind.TOPUP)))
    .join(_entries, _entries.c.transaction_id == _lines.c.id)
    .where(_payments.c.user_id == bindparam("user_id"), _refunds.c.credits_uncollected > 0)
    .order_by(_refunds.c.created_at, _refunds.c.id)
)
_owing = (
    select(_payments.c.user_id)
    .join(_refunds, _refunds.c.payment_id == _payments.c.id)
    .where(_payments.c.user_id.in_(bindparam("users", expanding=True)), _refunds.c.credits_uncollected > 0)
)
_collect = (
    update(_refunds)
    .where(_refunds.c.id == bindparam("refund"))
    .values(
        credits_taken=_refunds.c.credits_taken + bindparam("part"),
        credits_uncollected=_refunds.c.credits_uncollected - bindparam("part"),
    )
)


def debts_of(connection: Connection, user_id: int) -> list[Debt]:
    """Oldest first. They change only behind the user's lock."""
    rows = connection.execute(_debts, {"user_id": user_id})
    return [Debt(refund_id=refund_id, lot_id=lot_id, owed=owed) for refund_id, lot_id, owed in rows]


def owing(connection: Connection, user_ids: Sequence[int]) -> set[int]:
    """Those of these users who have any."""
    return set(connection.scalars(_owing, {"users": user_ids}))


def note_collected(connection: Connection, refund_id: UUID, part: int) -> None:
    connection.execute(_collect, {"refund": refund_id, "part": part})
