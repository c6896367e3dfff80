"""A user's operations, and the credits that will expire."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, case, cast, exists, func, select, true
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.engine import Database
from db.tables.billing import Lot, Transaction, TransactionKind
from db.tables.chats import ChatMessage
from db.tables.currencies import Currency
from db.tables.payments import Payment, Refund
from db.tables.predictions import Prediction
from db.tables.scorings import Scoring
from services.billing.lots import HOLDS
from services.money import Money
from services.pages import Page, paginate
from services.slices import Slice, first_of

_lines, _lots, _predictions = table_of(Transaction), table_of(Lot), table_of(Prediction)
_messages, _scorings = table_of(ChatMessage), table_of(Scoring)
_payments, _refunds = table_of(Payment), table_of(Refund)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A line of the ledger, or of an answer or a merge its lines together; `amount` is signed hundredths;
    `model_slug`: of the model that was bought from; `rows`: of that table; `money`: what was paid or sent back."""

    id: int
    kind: TransactionKind
    amount: int
    balance_after: int
    prediction_id: UUID | None
    model_slug: str | None
    comment: str | None
    created_at: datetime
    rows: int | None = None
    money: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiring:
    """What is left of a lot that has an end, in hundredths."""

    remaining: int
    expires_at: datetime


class Statement:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def page(self, user_id: int, page: int, size: int = 10) -> Page[Operation]:
        """The user's operations, newest first; a page past the end is the last one."""
        return await self._db.read(_page, user_id, page, size)

    async def after(
        self, user_id: int, last: int | None, limit: int, *, kind: TransactionKind | None = None
    ) -> Slice[Operation]:
        """The newest operations, or those older than the one with the id `last`; of one kind alone."""
        return await self._db.read(_after, user_id, last, limit, kind)

    async def expiring(self, user_id: int) -> list[Expiring]:
        """Lots with an end, the nearest first."""
        return await self._db.read(_expiring, user_id)

    async def overview(self, user_id: int, size: int) -> tuple[list[Operation], list[Expiring]]:
        """The newest operations; lots with an end, the nearest first. Both of one moment."""
        return await self._db.read(_overview, user_id, size)


# Statements are built once: building and hashing one costs more than SQLite takes to run it.
_charge, _charge_refund = constant(TransactionKind.CHARGE), constant(TransactionKind.CHARGE_REFUND)
_charge_return = constant(TransactionKind.CHARGE_RETURN)
# An assistant's answer is one line for its customer: what it cost, once that is known, and none where it cost nothing.
_hold, _end = _lines.alias("hold"), _lines.alias("end")
_held = (
    select(_hold.c.amount)
    .where(_hold.c.message_id == _lines.c.message_id, _hold.c.kind == _charge)
    .correlate(_lines)
    .scalar_subquery()
)
_is_told_by_its_end = exists().where(
    _end.c.message_id == _lines.c.message_id,
    (_end.c.kind == _charge_return) | ((_end.c.kind == _charge_refund) & (_end.c.amount == -_lines.c.amount)),
)
# Two accounts that became one moved lot by lot; their owner sees what went over at once.
_moved = _lines.c.kind.in_((constant(TransactionKind.MERGED_IN), constant(TransactionKind.MERGED_OUT)))
_together = (
    (_end.c.user_id == _lines.c.user_id) & (_end.c.kind == _lines.c.kind) & (_end.c.created_at == _lines.c.created_at)
)
_is_told_by_the_last = exists().where(_together, _end.c.id > _lines.c.id)
_all_moved = cast(func.sum(_end.c.amount), BigInteger)  # of PostgreSQL's large integers a sum is a decimal
_went_over = select(_all_moved).where(_together).correlate(_lines).scalar_subquery()
_is_end = (_lines.c.kind == _charge_return) & _lines.c.message_id.is_not(None)
_told = case(
    (_moved, ~_is_told_by_the_last),
    (_lines.c.message_id.is_(None), true()),
    (_lines.c.kind == _charge, ~_is_told_by_its_end),
    (_lines.c.kind == _charge_refund, _lines.c.amount != -_held),
    else_=true(),
)
_kind = case((_is_end, _charge), else_=_lines.c.kind)
_newest = (
    select(
        _lines.c.id,
        _kind.label("kind"),
        case((_is_end, _lines.c.amount + _held), (_moved, _went_over), else_=_lines.c.amount).label("amount"),
        _lines.c.balance_after,
        _lines.c.prediction_id,
        func.coalesce(_predictions.c.model_slug, _messages.c.model_slug, _scorings.c.model_slug).label("model_slug"),
        _lines.c.comment,
        _lines.c.created_at,
        (_scorings.c.all_rows - _scorings.c.bad_rows).label("rows"),
        func.coalesce(_payments.c.amount_kopecks, _refunds.c.amount_kopecks).label("minor"),
        func.coalesce(_payments.c.currency, _refunds.c.currency).label("currency"),
    )
    .outerjoin(_predictions, _predictions.c.id == _lines.c.prediction_id)
    .outerjoin(_messages, _messages.c.id == _lines.c.message_id)
    .outerjoin(_scorings, _scorings.c.id == _lines.c.scoring_id)
    .outerjoin(_payments, _payments.c.id == _lines.c.payment_id)
    .outerjoin(_refunds, _refunds.c.id == _lines.c.refund_id)
    .where(_lines.c.user_id == bindparam("user_id"), _told)
    .order_by(_lines.c.id.desc())
)
_last = _newest.limit(bindparam("size"))
_ending = (
    select(_lots.c.remaining, _lots.c.expires_at)
    .where(_lots.c.user_id == bindparam("user_id"), HOLDS, _lots.c.expires_at.is_not(None))
    .order_by(_lots.c.expires_at)
)


def _overview(session: Session, user_id: int, size: int) -> tuple[list[Operation], list[Expiring]]:
    rows = session.connection().execute(_last, {"user_id": user_id, "size": size})
    return [_operation(row) for row in rows], _expiring(session, user_id)


def _page(session: Session, user_id: int, page: int, size: int) -> Page[Operation]:
    found = paginate(session, _newest.params(user_id=user_id), page, size)
    return found.holding([_operation(row) for row in found.items])


def _after(
    session: Session, user_id: int, last: int | None, limit: int, kind: TransactionKind | None
) -> Slice[Operation]:
    older = _newest if last is None else _newest.where(_lines.c.id < last)
    if kind is not None:
        older = older.where(_kind == kind)
    return first_of(session, older.params(user_id=user_id), limit).of(_operation)


def _operation(row: AnyRow) -> Operation:
    facts = {**row._mapping, "kind": TransactionKind(row.kind)}
    minor, currency = facts.pop("minor"), facts.pop("currency")
    return Operation(**facts, money=None if minor is None else Money(minor, Currency(currency)))


def _expiring(session: Session, user_id: int) -> list[Expiring]:
    rows = session.connection().execute(_ending, {"user_id": user_id})
    return [Expiring(remaining=row.remaining, expires_at=row.expires_at) for row in rows]
