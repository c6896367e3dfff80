"""The only writer of balances: every function here posts immutable lines and keeps I1 and I2 (see docs/data.md).

All of them are parts of a caller's transaction, lock the user first and then the lots, and are idempotent by `key`:
the same key a second time changes nothing and returns the first line. Amounts are positive hundredths of a credit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.billing import GRANTS, Lot, LotEntry, Transaction, TransactionKind
from db.users import User
from services.billing.credits import format_credits
from services.errors import N_, ShopError

_users, _lots, _lines, _entries = table_of(User), table_of(Lot), table_of(Transaction), table_of(LotEntry)

LotRow = Row[int, int, datetime | None]  # id, remaining, expires_at


class InsufficientBalance(ShopError):
    """A charge that the unexpired lots do not cover."""

    message = N_("Not enough credits: {price} needed, {balance} on the balance.")

    def __init__(self, *, needed: int, balance: int) -> None:
        self.needed = needed
        self.balance = balance
        super().__init__(price=format_credits(needed), balance=format_credits(balance))


class UnknownUser(ShopError):
    message = N_("There is no such user.")


class NothingToRefund(ShopError):
    """A charge_refund for a prediction without a charge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A line of the ledger as it stands; `amount` is signed hundredths."""

    id: int
    amount: int
    balance_after: int
    lot_id: int | None = None  # of a grant: the lot it made


def grant(
    session: Session,
    *,
    user_id: int,
    amount: int,
    kind: TransactionKind,
    key: str,
    now: datetime,
    expires_at: datetime | None = None,
    payment_id: UUID | None = None,
    comment: str | None = None,
) -> Posting:
    """Credits come in, as a lot of their own."""
    _require(amount > 0 and kind in GRANTS, f"cannot grant {amount} as {kind}")
    balance = _lock_user(session, user_id)
    if (posted := _posted(session, key)) is not None:
        return posted
    lot_id: int = session.execute(
        insert(_lots)
        .values(user_id=user_id, kind=kind, amount=amount, remaining=amount, expires_at=expires_at, created_at=now)
        .returning(_lots.c.id)
    ).scalar_one()
    posting = _post(
        session,
        user_id=user_id,
        kind=kind,
        key=key,
        balance=balance,
        parts=[(lot_id, amount)],
        now=now,
        payment_id=payment_id,
        comment=comment,
    )
    return Posting(id=posting.id, amount=amount, balance_after=posting.balance_after, lot_id=lot_id)


def charge(session: Session, *, user_id: int, amount: int, prediction_id: UUID, now: datetime) -> Posting:
    """Hold the price of a prediction, from the lots that expire first. Raises `InsufficientBalance`."""
    _require(amount > 0, f"cannot charge {amount}")
    balance = _lock_user(session, user_id)
    key = f"charge:{prediction_id}"
    if (posted := _posted(session, key)) is not None:
        return posted
    lots = _open_lots(session, user_id)
    balance, lots = _write_off(session, user_id, balance, lots, now)
    if sum(lot.remaining for lot in lots) < amount:
        raise InsufficientBalance(needed=amount, balance=balance)
    parts = [(lot_id, -part) for lot_id, part in _take(lots, amount)]
    _change_lots(session, parts)
    kind = TransactionKind.CHARGE
    return _post(
        session, user_id=user_id, kind=kind, key=key, balance=balance, parts=parts, now=now, prediction_id=prediction_id
    )


def charge_refund(session: Session, *, prediction_id: UUID, now: datetime) -> Posting:
    """Return a charge whole, to the lots it came from; what belongs to an expired lot is written off at once, in a line
    of its own. Raises `NothingToRefund` where nothing was charged."""
    charged = session.execute(
        select(_lines.c.id, _lines.c.user_id).where(
            _lines.c.prediction_id == prediction_id, _lines.c.kind == TransactionKind.CHARGE
        )
    ).first()
    if charged is None:
        raise NothingToRefund(prediction_id=prediction_id)
    balance = _lock_user(session, charged.user_id)
    key = f"charge_refund:{prediction_id}"
    if (posted := _posted(session, key)) is not None:
        return posted
    entries = session.execute(
        select(_entries.c.lot_id, _entries.c.amount, _lots.c.expires_at)
        .join(_lots, _lots.c.id == _entries.c.lot_id)
        .where(_entries.c.transaction_id == charged.id)
        .order_by(_entries.c.lot_id)
        .with_for_update(of=_lots)
    ).all()
    parts = [(entry.lot_id, -entry.amount) for entry in entries]
    _change_lots(session, parts)
    user_id, kind = charged.user_id, TransactionKind.CHARGE_REFUND
    posting = _post(
        session, user_id=user_id, kind=kind, key=key, balance=balance, parts=parts, now=now, prediction_id=prediction_id
    )
    late = [(e.lot_id, e.amount) for e in entries if e.expires_at is not None and e.expires_at <= now]
    if late:
        _change_lots(session, late)
        key, kind = f"expire:{prediction_id}", TransactionKind.EXPIRE
        _post(session, user_id=user_id, kind=kind, key=key, balance=posting.balance_after, parts=late, now=now)
    return posting


def expire(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Write off what is left of up to `limit` lots that are past their end. Returns how many it wrote off; call again
    until it is 0."""
    due = select(_lots.c.user_id).where(_lots.c.remaining > 0, _lots.c.expires_at <= now).order_by(_lots.c.user_id)
    count = 0
    for user_id in sorted(set(session.scalars(due.limit(limit)))):
        balance = _lock_user(session, user_id)
        lots = _open_lots(session, user_id)
        _, kept = _write_off(session, user_id, balance, lots, now)
        count += len(lots) - len(kept)
    return count


def take_back(
    session: Session,
    *,
    user_id: int,
    amount: int,
    key: str,
    now: datetime,
    lot_id: int | None = None,
    partly: bool = False,
    refund_id: UUID | None = None,
    comment: str | None = None,
) -> Posting | None:
    """Remove credits: from `lot_id` alone, or from the lots that expire first. With `partly` it takes what there is
    (`None` when there is nothing); without, it raises `InsufficientBalance` when there is less."""
    _require(amount > 0, f"cannot take back {amount}")
    balance = _lock_user(session, user_id)
    if (posted := _posted(session, key)) is not None:
        return posted
    balance, lots = _write_off(session, user_id, balance, _open_lots(session, user_id), now)
    if lot_id is not None:
        lots = [lot for lot in lots if lot.id == lot_id]
    held = sum(lot.remaining for lot in lots)
    if held < amount and not partly:
        raise InsufficientBalance(needed=amount, balance=held)
    parts = [(lot, -part) for lot, part in _take(lots, min(amount, held))]
    if not parts:
        return None
    _change_lots(session, parts)
    kind = TransactionKind.TAKE_BACK
    return _post(
        session,
        user_id=user_id,
        kind=kind,
        key=key,
        balance=balance,
        parts=parts,
        now=now,
        refund_id=refund_id,
        comment=comment,
    )


def _lock_user(session: Session, user_id: int) -> int:
    """Everything about one user's credits happens behind this lock. Returns the balance."""
    balance = session.scalar(select(_users.c.balance).where(_users.c.id == user_id).with_for_update())
    if balance is None:
        raise UnknownUser(user_id=user_id)
    return int(balance)


def _posted(session: Session, key: str) -> Posting | None:
    line = session.execute(
        select(_lines.c.id, _lines.c.amount, _lines.c.balance_after).where(_lines.c.key == key)
    ).first()
    return None if line is None else Posting(id=line.id, amount=line.amount, balance_after=line.balance_after)


def _open_lots(session: Session, user_id: int) -> Sequence[LotRow]:
    """Earliest-expiring first; those that never expire last."""
    return session.execute(
        select(_lots.c.id, _lots.c.remaining, _lots.c.expires_at)
        .where(_lots.c.user_id == user_id, _lots.c.remaining > 0)
        .order_by(_lots.c.expires_at.is_(None), _lots.c.expires_at, _lots.c.id)
        .with_for_update()
    ).all()


def _write_off(
    session: Session, user_id: int, balance: int, lots: Sequence[LotRow], now: datetime
) -> tuple[int, Sequence[LotRow]]:
    """Expire the lots whose end has come. Returns the balance and the lots that are left."""
    ended = [lot for lot in lots if lot.expires_at is not None and lot.expires_at <= now]
    if not ended:
        return balance, lots
    for lot in ended:
        parts = [(lot.id, -lot.remaining)]
        _change_lots(session, parts)
        key, kind = f"expire:lot:{lot.id}", TransactionKind.EXPIRE
        balance = _post(
            session, user_id=user_id, kind=kind, key=key, balance=balance, parts=parts, now=now
        ).balance_after
    return balance, [lot for lot in lots if lot not in ended]


def _take(lots: Iterable[LotRow], amount: int) -> list[tuple[int, int]]:
    parts = []
    for lot in lots:
        part = min(lot.remaining, amount)
        if part:
            parts.append((lot.id, part))
            amount -= part
    return parts


_change_lot = (
    update(_lots).where(_lots.c.id == bindparam("lot")).values(remaining=_lots.c.remaining + bindparam("change"))
)


def _change_lots(session: Session, parts: Sequence[tuple[int, int]]) -> None:
    session.connection().execute(_change_lot, [{"lot": lot_id, "change": change} for lot_id, change in parts])


def _post(
    session: Session,
    *,
    user_id: int,
    kind: TransactionKind,
    key: str,
    balance: int,
    parts: Sequence[tuple[int, int]],
    now: datetime,
    **line: Any,  # Any: the line's optional columns
) -> Posting:
    """Write one line with its entries and move the balance with it."""
    amount = sum(change for _, change in parts)
    balance_after = balance + amount
    line_id: int = session.execute(
        insert(_lines).returning(_lines.c.id),
        {
            "user_id": user_id,
            "kind": kind,
            "amount": amount,
            "balance_after": balance_after,
            "key": key,
            "prediction_id": None,
            "payment_id": None,
            "refund_id": None,
            "comment": None,
            "created_at": now,
        }
        | line,
    ).scalar_one()
    session.connection().execute(
        insert(_entries), [{"transaction_id": line_id, "lot_id": lot_id, "amount": change} for lot_id, change in parts]
    )
    session.execute(update(_users).where(_users.c.id == user_id).values(balance=balance_after))
    return Posting(id=line_id, amount=amount, balance_after=balance_after)


def _require(fact: bool, problem: str) -> None:
    if not fact:
        raise ValueError(problem)
