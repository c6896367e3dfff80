"""The writer of balances: every function here posts immutable lines and keeps I1 and I2 (see docs/data.md). What it is
for one user, `bulk.py` and `returns.py` are for many at once; there is no other.

All of them are parts of a caller's transaction, lock the user first and then the lots, and are idempotent by `key`:
the same key a second time changes nothing and returns the first line. Amounts are positive hundredths of a credit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.billing import GRANTS, Lot, LotEntry, Transaction, TransactionKind
from db.tables.users import User
from services.billing.credits import format_credits
from services.billing.debts import debts_of, note_collected
from services.billing.lots import (
    Cause,
    OpenLot,
    charged_parts,
    give_back,
    held_by,
    last_entry,
    lock_charged_user,
    open_lots,
    owners_of_ended,
    returned_parts,
    still_held,
    take,
)
from services.errors import N_, ShopError

_users, _lots, _lines, _entries = table_of(User), table_of(Lot), table_of(Transaction), table_of(LotEntry)

Parts = Sequence[tuple[int, int]]
"""What a line does to lots: (lot id, signed amount)."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A user's credits as they stand, locked until the transaction ends."""

    user_id: int
    balance: int
    lots: Sequence[OpenLot]

    def spendable(self, now: datetime) -> int:
        return held_by([lot for lot in self.lots if not lot.ended(now)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line to be written: who, why, and what the operation is called so that it happens once."""

    user_id: int
    kind: TransactionKind
    key: str
    now: datetime
    prediction_id: UUID | None = None
    message_id: UUID | None = None
    scoring_id: UUID | None = None
    payment_id: UUID | None = None
    refund_id: UUID | None = None
    period_id: int | None = None
    comment: str | None = None


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
    period_id: int | None = None,
    comment: str | None = None,
) -> Posting:
    """Credits come in, as a lot of their own."""
    _require(amount > 0 and kind in GRANTS, f"cannot grant {amount} as {kind}")
    line = _Line(
        user_id=user_id, kind=kind, key=key, now=now, payment_id=payment_id, period_id=period_id, comment=comment
    )
    connection, balance = _lock_user(session, user_id)
    if (posted := _posted(connection, line)) is not None:
        return posted
    lot = {"user_id": user_id, "kind": kind, "amount": amount, "remaining": amount}
    lot_id: int = connection.execute(_add_lot, lot | {"expires_at": expires_at, "created_at": now}).scalar_one()
    return _post(connection, line, balance, [(lot_id, amount)], lot_id=lot_id)


def charge(
    session: Session,
    *,
    user_id: int,
    amount: int,
    prediction_id: UUID | None = None,
    message_id: UUID | None = None,
    scoring_id: UUID | None = None,
    now: datetime,
) -> Posting:
    """Hold the price of a prediction or of a table's rows (`scoring_id`), or the most that an answer (`message_id`) may
    cost, from the lots that expire first. Raises `InsufficientBalance`."""
    _require(amount > 0, f"cannot charge {amount}")
    cause = Cause.of(prediction_id=prediction_id, message_id=message_id, scoring_id=scoring_id)
    line = _of_cause(cause, TransactionKind.CHARGE, user_id, now)
    connection, balance = _lock_user(session, user_id)
    if (posted := _posted(connection, line)) is not None:
        return posted
    wallet = Wallet(user_id=user_id, balance=balance, lots=open_lots(connection, user_id))
    return _charge(connection, line, wallet, amount)


def open_wallet(session: Session, user_id: int) -> Wallet:
    """For `charge_new`."""
    connection, balance = _lock_user(session, user_id)
    return Wallet(user_id=user_id, balance=balance, lots=open_lots(connection, user_id))


def charge_new(
    session: Session,
    wallet: Wallet,
    *,
    amount: int,
    prediction_id: UUID | None = None,
    message_id: UUID | None = None,
    now: datetime,
) -> Posting:
    """As `charge`, for a prediction or an answer whose row this transaction has made: it cannot have been charged
    for."""
    _require(amount > 0, f"cannot charge {amount}")
    cause = Cause.of(prediction_id=prediction_id, message_id=message_id, scoring_id=None)
    line = _of_cause(cause, TransactionKind.CHARGE, wallet.user_id, now)
    return _charge(session.connection(), line, wallet, amount)


def _charge(connection: Connection, line: _Line, wallet: Wallet, amount: int) -> Posting:
    balance, lots = _write_off(connection, wallet, line.now)
    if held_by(lots) < amount:
        raise InsufficientBalance(needed=amount, balance=balance)
    parts = take(lots, amount)
    _change_lots(connection, parts)
    return _post(connection, line, balance, parts)


def charge_refund(
    session: Session,
    *,
    prediction_id: UUID | None = None,
    message_id: UUID | None = None,
    scoring_id: UUID | None = None,
    amount: int | None = None,
    now: datetime,
) -> Posting:
    """Return all of a charge that has not come back yet, or `amount` of it, to the lots it came from. What belongs to
    an expired lot is written off at once, what a refund of money could not take from a lot is taken now, each in a line
    of its own. Raises `NothingToRefund` where nothing was charged, or all of it is back."""
    _require(amount is None or amount > 0, f"cannot refund {amount}")
    cause = Cause.of(prediction_id=prediction_id, message_id=message_id, scoring_id=scoring_id)
    return _come_back(session, TransactionKind.CHARGE_REFUND, cause, amount=amount, now=now)


def charge_return(
    session: Session, *, message_id: UUID | None = None, scoring_id: UUID | None = None, amount: int, now: datetime
) -> Posting:
    """Return the part of a charge that an answer did not cost, or the rows of a table that brought none, as
    `charge_refund` does; the lots that expire last get theirs first, so what was spent is what would have expired
    soonest."""
    _require(amount > 0, f"cannot return {amount}")
    cause = Cause.of(prediction_id=None, message_id=message_id, scoring_id=scoring_id)
    return _come_back(session, TransactionKind.CHARGE_RETURN, cause, amount=amount, now=now)


def _come_back(session: Session, kind: TransactionKind, cause: Cause, *, amount: int | None, now: datetime) -> Posting:
    session.flush()  # statements below see only what was sent
    connection = session.connection()
    charged = lock_charged_user(connection, cause)
    if charged is None:
        raise NothingToRefund(cause=str(cause))
    user_id, balance = charged
    line = _of_cause(cause, kind, user_id, now)
    if (posted := _posted(connection, line)) is not None:
        return posted
    taken = charged_parts(connection, cause)
    if cause.may_come_back_in_parts and kind is not TransactionKind.CHARGE_RETURN:  # which would be posted
        taken = still_held(taken, returned_parts(connection, cause))
    if amount is not None:
        _require(amount <= held_by(taken), f"{cause}: {amount} is more than what is held")
        taken = give_back(taken, amount)
    elif not taken:
        raise NothingToRefund(cause=str(cause))
    parts = [(lot.id, lot.held) for lot in taken]
    _change_lots(connection, parts)
    posting = _post(connection, line, balance, parts)
    balance = posting.balance_after
    if late := [(lot.id, -lot.held) for lot in taken if lot.ended(now)]:
        _change_lots(connection, late)
        key = f"expire:{cause}{_mark(kind)}"
        ended = _Line(user_id=user_id, kind=TransactionKind.EXPIRE, key=key, now=now)
        balance = _post(connection, ended, balance, late).balance_after
    _collect(connection, line, balance, {lot.id: lot.held for lot in taken if not lot.ended(now)})
    return posting


def _of_cause(cause: Cause, kind: TransactionKind, user_id: int, now: datetime) -> _Line:
    whose: dict[str, Any] = {cause.column: cause.id}  # Any: of its type one of three columns
    return _Line(user_id=user_id, kind=kind, key=f"{kind}:{cause}", now=now, **whose)


def expire(session: Session, *, now: datetime, limit: int = 500) -> int:
    """Write off what is left of lots that are past their end, of the owners of the first `limit` of them. Returns how
    many it wrote off; call again until it is 0."""
    count = 0
    for user_id in owners_of_ended(session.connection(), now=now, limit=limit):
        connection, balance = _lock_user(session, user_id)
        count += len(_write_off_ended(connection, user_id, balance, open_lots(connection, user_id), now))
    return count


def take_back(
    session: Session,
    *,
    user_id: int,
    amount: int,
    key: str,
    now: datetime,
    lot_ids: Collection[int] | None = None,
    partly: bool = False,
    refund_id: UUID | None = None,
    comment: str | None = None,
) -> Posting | None:
    """Remove credits: from `lot_ids` alone, or from the lots that expire first. With `partly` it takes what there is
    (`None` when there is nothing); without, it raises `InsufficientBalance` when there is less."""
    _require(amount > 0, f"cannot take back {amount}")
    kind = TransactionKind.TAKE_BACK
    line = _Line(user_id=user_id, kind=kind, key=key, now=now, refund_id=refund_id, comment=comment)
    connection, balance = _lock_user(session, user_id)
    if (posted := _posted(connection, line)) is not None:
        return posted
    wallet = Wallet(user_id=user_id, balance=balance, lots=open_lots(connection, user_id))
    balance, lots = _write_off(connection, wallet, now)
    lots = [lot for lot in lots if lot_ids is None or lot.id in lot_ids]
    held = held_by(lots)
    if held < amount and not partly:
        raise InsufficientBalance(needed=amount, balance=held)
    parts = take(lots, amount)
    if not parts:
        return None
    _change_lots(connection, parts)
    return _post(connection, line, balance, parts)


def move(session: Session, *, from_user_id: int, into_user_id: int, merge_id: int, now: datetime) -> int:
    """All that one account holds goes to the one that it became part of, lot by lot, with their ends. Returns how much;
    call again for what came to it later."""
    _require(from_user_id != into_user_id, "an account is not merged into itself")
    balances = {user_id: _lock_user(session, user_id)[1] for user_id in sorted((from_user_id, into_user_id))}
    connection, moved = session.connection(), 0
    wallet = Wallet(user_id=from_user_id, balance=balances[from_user_id], lots=open_lots(connection, from_user_id))
    balances[from_user_id], lots = _write_off(connection, wallet, now)
    for lot in lots:
        name = f"merge:{merge_id}:{lot.id}:{last_entry(connection, lot.id)}"
        out = _Line(user_id=from_user_id, kind=TransactionKind.MERGED_OUT, key=f"{name}:out", now=now)
        _change_lots(connection, parts := [(lot.id, -lot.held)])
        balances[from_user_id] = _post(connection, out, balances[from_user_id], parts).balance_after
        kind = TransactionKind.MERGED_IN
        made = {"user_id": into_user_id, "kind": kind, "amount": lot.held, "remaining": lot.held, "created_at": now}
        lot_id: int = connection.execute(
            _add_lot, made | {"expires_at": lot.expires_at, "moved_from_id": lot.id}
        ).scalar_one()
        into = _Line(user_id=into_user_id, kind=kind, key=f"{name}:in", now=now)
        balances[into_user_id] = _post(connection, into, balances[into_user_id], [(lot_id, lot.held)]).balance_after
        moved += lot.held
    return moved


# Statements are built once: building and hashing one costs more than SQLite takes to run it.
# NO KEY UPDATE (key_share) lets rows that refer to the user be inserted meanwhile: a sale does so before it charges,
# and two sales of one user would each wait for the other's reference.
_balance = select(_users.c.balance).where(_users.c.id == bindparam("user_id")).with_for_update(key_share=True)
_line_by_key = (
    select(_lines.c.id, _lines.c.user_id, _lines.c.kind, _lines.c.amount, _lines.c.balance_after, _entries.c.lot_id)
    .join(_entries, _entries.c.transaction_id == _lines.c.id)
    .where(_lines.c.key == bindparam("key"))
)
_add_lot = insert(_lots).returning(_lots.c.id)
_change_lot = (
    update(_lots).where(_lots.c.id == bindparam("lot")).values(remaining=_lots.c.remaining + bindparam("change"))
)
_add_line = insert(_lines).returning(_lines.c.id)
_add_entry = insert(_entries)
_set_balance = update(_users).where(_users.c.id == bindparam("user")).values(balance=bindparam("balance"))


def _lock_user(session: Session, user_id: int) -> tuple[Connection, int]:
    """Everything about one user's credits happens behind this lock. Returns the balance."""
    session.flush()  # statements below see only what was sent
    connection = session.connection()
    balance = connection.scalar(_balance, {"user_id": user_id})
    if balance is None:
        raise UnknownUser(user_id=user_id)
    return connection, int(balance)


def _posted(connection: Connection, line: _Line) -> Posting | None:
    """The line that bears this key already. It must be the same operation: a key for two of them is a bug."""
    row = connection.execute(_line_by_key, {"key": line.key}).first()
    if row is None:
        return None
    same = (row.user_id, row.kind) == (line.user_id, line.kind)
    _require(same, f"{line.key} is the key of {row.kind} of user {row.user_id}, not of {line.kind} of {line.user_id}")
    lot_id = row.lot_id if line.kind in GRANTS else None
    return Posting(id=row.id, amount=row.amount, balance_after=row.balance_after, lot_id=lot_id)


def _write_off(connection: Connection, wallet: Wallet, now: datetime) -> tuple[int, list[OpenLot]]:
    """Expire the lots whose end has come. Returns the balance and the lots that are left."""
    ended = _write_off_ended(connection, wallet.user_id, wallet.balance, wallet.lots, now)
    return wallet.balance - held_by(ended), [lot for lot in wallet.lots if lot not in ended]


def _write_off_ended(
    connection: Connection, user_id: int, balance: int, lots: Sequence[OpenLot], now: datetime
) -> list[OpenLot]:
    ended = [lot for lot in lots if lot.ended(now)]
    for lot in ended:
        parts = [(lot.id, -lot.held)]
        _change_lots(connection, parts)
        # A refund may fill the lot once more when clocks differ: each time has a name of its own.
        key = f"expire:lot:{lot.id}:{last_entry(connection, lot.id)}"
        line = _Line(user_id=user_id, kind=TransactionKind.EXPIRE, key=key, now=now)
        balance = _post(connection, line, balance, parts).balance_after
    return ended


def _collect(connection: Connection, returned: _Line, balance: int, fresh: dict[int, int]) -> None:
    """Take from what a charge_refund has brought back (`fresh`, by lot) what refunds of money could not take."""
    for refund_id, debts in groupby(debts_of(connection, returned.user_id), key=attrgetter("refund_id")):
        lots = list(debts)
        back = [OpenLot(id=d.lot_id, held=held, expires_at=None) for d in lots if (held := fresh.get(d.lot_id, 0))]
        parts = take(back, lots[0].owed)
        if not parts:
            continue
        fresh |= {lot_id: fresh[lot_id] + change for lot_id, change in parts}
        line = _Line(
            user_id=returned.user_id,
            kind=TransactionKind.TAKE_BACK,
            key=f"refund:{refund_id}:{returned.key.partition(':')[2]}{_mark(returned.kind)}",
            now=returned.now,
            refund_id=refund_id,
        )
        _change_lots(connection, parts)
        posting = _post(connection, line, balance, parts)
        balance = posting.balance_after
        note_collected(connection, refund_id, -posting.amount)


def _mark(kind: TransactionKind) -> str:
    """A charge may come back in two parts, and each may be collected from."""
    return ":return" if kind is TransactionKind.CHARGE_RETURN else ""


def _change_lots(connection: Connection, parts: Parts) -> None:
    rows = [{"lot": lot_id, "change": change} for lot_id, change in parts]
    connection.execute(_change_lot, rows if len(rows) > 1 else rows[0])


def _post(connection: Connection, line: _Line, balance: int, parts: Parts, *, lot_id: int | None = None) -> Posting:
    """Write one line with its entries and move the balance with it."""
    amount = sum(change for _, change in parts)
    row = {
        "user_id": line.user_id,
        "kind": line.kind,
        "amount": amount,
        "balance_after": balance + amount,
        "key": line.key,
        "prediction_id": line.prediction_id,
        "message_id": line.message_id,
        "scoring_id": line.scoring_id,
        "payment_id": line.payment_id,
        "refund_id": line.refund_id,
        "period_id": line.period_id,
        "comment": line.comment,
        "created_at": line.now,
    }
    line_id: int = connection.execute(_add_line, row).scalar_one()
    entries = [{"transaction_id": line_id, "lot_id": lot, "amount": change} for lot, change in parts]
    connection.execute(_add_entry, entries if len(entries) > 1 else entries[0])
    connection.execute(_set_balance, {"user": line.user_id, "balance": balance + amount})
    return Posting(id=line_id, amount=amount, balance_after=balance + amount, lot_id=lot_id)


def _require(fact: bool, problem: str) -> None:
    if not fact:
        raise ValueError(problem)
