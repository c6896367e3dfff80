"""What a customer has after an answer: what is held for others is theirs still."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from db.base import constant, table_of
from db.tables.billing import Transaction, TransactionKind
from db.tables.users import User
from services.chats.rows import UNFINISHED, messages

_lines, _users = table_of(Transaction), table_of(User)
_charge, _return = _lines.alias("charge"), _lines.alias("return")

ENDED: Final = (constant(TransactionKind.CHARGE_RETURN), constant(TransactionKind.CHARGE_REFUND))
_own = (
    select(_lines.c.id, _lines.c.balance_after)
    .where(_lines.c.message_id == bindparam("answer"), _lines.c.kind.in_(ENDED))
    .order_by(_lines.c.id)
    .limit(1)
)
_mine = messages.c.user_id == bindparam("user")
_held = select(func.coalesce(func.sum(messages.c.hold), 0)).where(_mine, UNFINISHED)
_was_charged = (
    select(_charge.c.id)
    .where(
        _charge.c.message_id == messages.c.id,
        _charge.c.kind == constant(TransactionKind.CHARGE),
        _charge.c.id < bindparam("line"),
    )
    .exists()
)
_had_ended = (
    select(_return.c.id)
    .where(_return.c.message_id == messages.c.id, _return.c.kind.in_(ENDED), _return.c.id < bindparam("line"))
    .exists()
)
_since = (
    select(_lines.c.message_id)
    .where(_lines.c.user_id == bindparam("user"), _lines.c.id > bindparam("line"), _lines.c.kind.in_(ENDED))
    .distinct()
)
_held_then = select(func.coalesce(func.sum(messages.c.hold), 0)).where(
    _mine, UNFINISHED | messages.c.id.in_(_since), _was_charged, ~_had_ended
)
_balance = select(_users.c.balance).where(_users.c.id == bindparam("user"))


def remaining(session: Session, answer_id: UUID, user_id: int) -> int:
    """Hundredths of a credit, as the answer was settled; now, where nothing came back then."""
    own = session.execute(_own, {"answer": answer_id}).first()
    if own is None:
        return int(session.execute(_balance, {"user": user_id}).scalar_one()) + _sum(session, _held, user=user_id)
    return int(own.balance_after) + _sum(session, _held_then, user=user_id, line=own.id)


def _sum(session: Session, statement: Select[Any], **facts: int) -> int:  # Any: a sum
    return int(session.execute(statement, facts).scalar_one())
