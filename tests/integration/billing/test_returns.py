"""Answers that end together give back what they did not cost in a few statements: the rows are those that one return
after another would have written, whatever a customer's credits are like."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, event, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import Lot, LotEntry, Transaction, TransactionKind
from db.tables.chats import MessageStatus
from db.tables.users import User
from services.billing import audit, ledger
from services.billing.returns import Rest, give_back_rests
from tests.integration.billing.test_ledger_machine import end_answer
from tests.support.clock import START
from tests.support.shop import add_answer, add_model, add_user

NOW, END = START + timedelta(hours=2), START + timedelta(hours=1)
HOLD, PRICE = 70, 25

_lines, _entries, _lots, _users = table_of(Transaction), table_of(LotEntry), table_of(Lot), table_of(User)

GiveBack = Callable[[Session, Sequence[Rest]], None]


def one_by_one(session: Session, rests: Sequence[Rest]) -> None:
    for rest in rests:
        if rest.amount is None:
            ledger.charge_refund(session, message_id=rest.message_id, now=NOW)
        else:
            ledger.charge_return(session, message_id=rest.message_id, amount=rest.amount, now=NOW)


def together(session: Session, rests: Sequence[Rest]) -> None:
    give_back_rests(session, rests, NOW)


def customers(session: Session) -> list[Rest]:
    """One with a lot that never ends, one with two, one with a lot that has ended, one with two answers, one whose
    answer failed, and one whose answer cost what was held."""
    rests: list[Rest] = []
    for name, lots, answers in (
        ("plain", [(500, None)], 1),
        ("two lots", [(50, NOW + timedelta(days=1)), (100, None)], 1),
        ("ended", [(30, END), (100, None)], 1),
        ("two answers", [(500, None)], 2),
        ("failed", [(500, None)], 1),
        ("whole", [(70, None)], 1),
    ):
        user_id = add_user(session)
        for number, (amount, ends) in enumerate(lots):
            key = f"{name}:{number}"
            kind = TransactionKind.GRANT
            ledger.grant(session, user_id=user_id, amount=amount, kind=kind, key=key, now=START, expires_at=ends)
        for _ in range(answers):
            answer_id = add_answer(session, user_id=user_id, hold=HOLD)
            ledger.charge(session, user_id=user_id, amount=HOLD, message_id=answer_id, now=START)
            failed = name == "failed"
            status = MessageStatus.FAILED if failed else MessageStatus.SUCCEEDED
            price = 0 if failed else HOLD if name == "whole" else PRICE
            end_answer(session, answer_id, status, price)
            if price < HOLD:
                rests.append(Rest(user_id=user_id, message_id=answer_id, amount=None if failed else HOLD - price))
    return rests


def ledger_of(session: Session, rests: Sequence[Rest]) -> tuple[list[Any], list[Any], list[Any]]:  # Any: columns
    """By names that do not depend on chance: lines with what they did to lots, lots, balances."""
    name = {rest.message_id: str(number) for number, rest in enumerate(rests)}
    told = select(_lines, _entries.c.lot_id, _entries.c.amount.label("part")).join(
        _entries, _entries.c.transaction_id == _lines.c.id
    )
    lines = []
    for row in session.execute(told).mappings():
        key = row["key"]
        for message_id, number in name.items():
            key = key.replace(str(message_id), number)
        if row["message_id"] is None or row["message_id"] in name:
            skipped = ("id", "message_id", "key")
            lines.append(key + repr([value for column, value in row.items() if column not in skipped]))
    lots = [tuple(row) for row in session.execute(select(_lots.c.id, _lots.c.remaining).order_by(_lots.c.id))]
    users = [tuple(row) for row in session.execute(select(_users.c.id, _users.c.balance).order_by(_users.c.id))]
    return sorted(lines), lots, users


class _Undo(Exception):
    pass


async def test_rows_are_those_of_one_return_after_another(database: Database) -> None:
    await database.write(add_model)
    rests = await database.write(customers)

    async def after(give_back: GiveBack) -> tuple[list[Any], list[Any], list[Any]]:  # Any: as above
        seen: list[Any] = []

        def work(session: Session) -> None:
            give_back(session, rests)
            seen[:] = ledger_of(session, rests)
            raise _Undo

        with pytest.raises(_Undo):
            await database.write(work)
        return seen[0], seen[1], seen[2]

    assert await after(together) == await after(one_by_one)
    await database.write(together, rests)
    report = await audit.run_audit(database)
    assert report.ok, str(report)


async def test_many_returns_cost_a_few_statements(database: Database) -> None:
    await database.write(add_model)

    def sell(session: Session) -> list[Rest]:
        rests = []
        for number in range(20):
            user_id = add_user(session)
            kind = TransactionKind.GRANT
            ledger.grant(session, user_id=user_id, amount=100, kind=kind, key=f"g{number}", now=START)
            answer_id: UUID = add_answer(session, user_id=user_id, hold=HOLD)
            ledger.charge(session, user_id=user_id, amount=HOLD, message_id=answer_id, now=START)
            end_answer(session, answer_id, MessageStatus.SUCCEEDED, PRICE)
            rests.append(Rest(user_id=user_id, message_id=answer_id, amount=HOLD - PRICE))
        return rests

    rests, count = await database.write(sell), 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    def work(session: Session) -> None:
        connection: Connection = session.connection()
        event.listen(connection, "before_cursor_execute", counted)
        give_back_rests(session, rests, NOW)
        event.remove(connection, "before_cursor_execute", counted)

    await database.write(work)
    assert count < 10
    report = await audit.run_audit(database)
    assert report.ok, str(report)
