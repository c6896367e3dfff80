"""What answers did not cost, given back to many users at once: the same lines and entries as those of
`ledger.charge_return`, each kind of row in one statement. Whatever is not plain goes through the ledger, one by one."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.billing import Lot, LotEntry, Transaction, TransactionKind
from db.tables.users import User
from services.billing import ledger
from services.billing.debts import owing
from services.billing.lots import OpenLot, give_back, held_by

_users, _lots, _lines, _entries = table_of(User), table_of(Lot), table_of(Transaction), table_of(LotEntry)
_KIND = TransactionKind.CHARGE_RETURN


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """Of what was charged for an answer, `amount` hundredths come back; None: nothing was delivered, all of it does."""

    user_id: int
    message_id: UUID
    amount: int | None


@dataclass(slots=True)
class _Charge:
    """Its parts, locked; `returned`: some of it came back before."""

    parts: list[OpenLot] = field(default_factory=list)
    returned: bool = False


def give_back_rests(session: Session, rests: Sequence[Rest], now: datetime) -> None:
    """Locks all these users first, in the order of their ids. Raises what `ledger.charge_return` does."""
    if not rests:
        return
    session.flush()  # statements below see only what was sent
    connection, users = session.connection(), sorted({rest.user_id for rest in rests})
    balances = {row.id: row.balance for row in connection.execute(_balances, {"users": users})}
    charges = _charges(connection, rests)
    several = {user_id for user_id, count in Counter(rest.user_id for rest in rests).items() if count > 1}
    apart = several | owing(connection, users)
    plain: list[Rest] = []
    others: list[Rest] = []
    for rest in rests:
        alone = rest.user_id not in apart and _is_plain(charges[rest.user_id, rest.message_id], rest, now)
        (plain if alone else others).append(rest)
    if plain:
        _post(connection, plain, balances, charges, now)
    for rest in others:
        if rest.amount is None:
            ledger.charge_refund(session, message_id=rest.message_id, now=now)
        else:
            ledger.charge_return(session, message_id=rest.message_id, amount=rest.amount, now=now)


# Statements are built once: building and hashing one costs more than SQLite takes to run it.
_balances = (
    select(_users.c.id, _users.c.balance)
    .where(_users.c.id.in_(bindparam("users", expanding=True)))
    .order_by(_users.c.id)
    .with_for_update(key_share=True)
)
_parts = (
    select(
        _lines.c.user_id,
        _lines.c.message_id,
        _lines.c.kind,
        _entries.c.lot_id,
        _entries.c.amount,
        _lots.c.expires_at,
    )
    .join(_entries, _entries.c.transaction_id == _lines.c.id)
    .join(_lots, _lots.c.id == _entries.c.lot_id)
    .where(_lines.c.message_id.in_(bindparam("messages", expanding=True)))
    .order_by(_entries.c.lot_id)
    .with_for_update(of=_lots, key_share=True)
)
_change_lot = (
    update(_lots).where(_lots.c.id == bindparam("lot")).values(remaining=_lots.c.remaining + bindparam("change"))
)
_add_lines = insert(_lines).returning(_lines.c.id, _lines.c.message_id)
_add_entries = insert(_entries)
_set_balance = update(_users).where(_users.c.id == bindparam("user")).values(balance=bindparam("balance"))


def _charges(connection: Connection, rests: Sequence[Rest]) -> Mapping[tuple[int, UUID], _Charge]:
    """By user and message."""
    charges: defaultdict[tuple[int, UUID], _Charge] = defaultdict(_Charge)
    for row in connection.execute(_parts, {"messages": [rest.message_id for rest in rests]}):
        charge = charges[row.user_id, row.message_id]
        if row.kind == TransactionKind.CHARGE:
            charge.parts.append(OpenLot(id=row.lot_id, held=-row.amount, expires_at=row.expires_at))
        else:
            charge.returned = True
    return charges


def _is_plain(charge: _Charge, rest: Rest, now: datetime) -> bool:
    """A part of it comes back, for the first time, and nothing of that is written off at once."""
    if rest.amount is None or charge.returned or any(lot.ended(now) for lot in charge.parts):
        return False
    return 0 < rest.amount <= held_by(charge.parts)


def _post(
    connection: Connection,
    rests: Sequence[Rest],
    balances: Mapping[int, int],
    charges: Mapping[tuple[int, UUID], _Charge],
    now: datetime,
) -> None:
    lines, back = [], {}
    for rest in rests:
        amount = rest.amount or 0
        back[rest.message_id] = give_back(charges[rest.user_id, rest.message_id].parts, amount)
        lines.append(_line(rest, balances[rest.user_id] + amount, now))
    lots = sorted((lot.id, lot.held) for parts in back.values() for lot in parts)
    connection.execute(_change_lot, [{"lot": lot_id, "change": change} for lot_id, change in lots])
    entries = [
        {"transaction_id": line.id, "lot_id": lot.id, "amount": lot.held}
        for line in connection.execute(_add_lines, lines)
        for lot in back[line.message_id]
    ]
    connection.execute(_add_entries, entries)
    connection.execute(_set_balance, [{"user": line["user_id"], "balance": line["balance_after"]} for line in lines])


def _line(rest: Rest, balance: int, now: datetime) -> dict[str, Any]:  # Any: the columns' values
    return {
        "user_id": rest.user_id,
        "kind": _KIND,
        "amount": rest.amount,
        "balance_after": balance,
        "key": f"{_KIND}:message:{rest.message_id}",
        "message_id": rest.message_id,
        "created_at": now,
    }
