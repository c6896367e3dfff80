"""Credits that refunds of money should have taken and could not, because they were spent: `ledger` takes them when they
come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import BigInteger, Connection, bindparam, or_, select, union_all, update

from db.base import constant, table_of
from db.tables.billing import Lot, LotEntry, Transaction, TransactionKind
from db.tables.identities import AccountMerge
from db.tables.payments import Payment, Refund
from db.tables.plans import SubscriptionPeriod

_lines, _entries = table_of(Transaction), table_of(LotEntry)
_payments, _refunds = table_of(Payment), table_of(Refund)
_lots, _merges, _periods = table_of(Lot), table_of(AccountMerge), table_of(SubscriptionPeriod)


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """`lot_id`: of the refunded payment, or where its credits went when accounts were merged; `owed` in hundredths: of
    the refund, whichever of its lots."""

    refund_id: UUID
    lot_id: int
    owed: int


# Built once: building and hashing a statement costs more than SQLite takes to run it.
_topup = (_lines.c.payment_id == _payments.c.id) & (_lines.c.kind == constant(TransactionKind.TOPUP))
_brought = [constant(kind) for kind in (TransactionKind.PERIOD, TransactionKind.PERIOD_RETURN)]
_period = (_lines.c.period_id == _periods.c.id) & or_(*(_lines.c.kind == kind for kind in _brought))
_owed = (_refunds.c.id, _entries.c.lot_id, _refunds.c.credits_uncollected, _refunds.c.created_at)
_mine = (_payments.c.user_id == bindparam("user_id")) & (_refunds.c.credits_uncollected > 0)
_of_payments = (
    select(*_owed)
    .join(_payments, _payments.c.id == _refunds.c.payment_id)
    .join(_lines, _topup)
    .join(_entries, _entries.c.transaction_id == _lines.c.id)
    .where(_mine)
)
_of_periods = (
    select(*_owed)
    .join(_payments, _payments.c.id == _refunds.c.payment_id)
    .join(_periods, _periods.c.payment_id == _payments.c.id)
    .join(_lines, _period & (_lines.c.user_id == _periods.c.user_id))
    .join(_entries, _entries.c.transaction_id == _lines.c.id)
    .where(_periods.c.user_id == bindparam("user_id"), _refunds.c.credits_uncollected > 0)
)
_moved = (_lots.c.moved_from_id == _entries.c.lot_id) & (_lots.c.user_id == _merges.c.into_user_id)
_theirs = (_merges.c.into_user_id == bindparam("user_id")) & (_refunds.c.credits_uncollected > 0)
_owed_there = (_refunds.c.id, _lots.c.id.label("lot_id"), _refunds.c.credits_uncollected, _refunds.c.created_at)
_of_merged = (
    select(*_owed_there)
    .select_from(_merges)
    .join(_payments, _payments.c.user_id == _merges.c.from_user_id)
    .join(_refunds, _refunds.c.payment_id == _payments.c.id)
    .join(_lines, _topup)
    .join(_entries, _entries.c.transaction_id == _lines.c.id)
    .join(_lots, _moved)
    .where(_theirs)
)
_of_merged_periods = (
    select(*_owed_there)
    .select_from(_merges)
    .join(_payments, _payments.c.user_id == _merges.c.from_user_id)
    .join(_refunds, _refunds.c.payment_id == _payments.c.id)
    .join(_periods, _periods.c.payment_id == _payments.c.id)
    .join(_lines, _period)
    .join(_entries, _entries.c.transaction_id == _lines.c.id)
    .join(_lots, _moved)
    .where(_theirs)
)
_all = union_all(_of_payments, _of_periods, _of_merged, _of_merged_periods).subquery()
_debts = select(_all.c.id, _all.c.lot_id, _all.c.credits_uncollected).order_by(
    _all.c.created_at, _all.c.id, _all.c.lot_id
)
_users = bindparam("users", expanding=True, type_=BigInteger())
_owing = union_all(
    select(_payments.c.user_id)
    .join(_refunds, _refunds.c.payment_id == _payments.c.id)
    .where(_payments.c.user_id.in_(_users), _refunds.c.credits_uncollected > 0),
    select(_merges.c.into_user_id)
    .join(_payments, _payments.c.user_id == _merges.c.from_user_id)
    .join(_refunds, _refunds.c.payment_id == _payments.c.id)
    .where(_merges.c.into_user_id.in_(_users), _refunds.c.credits_uncollected > 0),
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
