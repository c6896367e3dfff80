"""Many at once against one balance: on PostgreSQL row locks decide, on SQLite the one writer."""

import asyncio
import sys
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.engine import Database
from db.migrate import MIGRATIONS
from db.tables.billing import TransactionKind
from services.billing import audit, ledger
from services.billing.ledger import InsufficientBalance
from tests.support.clock import START
from tests.support.shop import add_model, add_prediction, add_user

PRICE = 100
WEEK = timedelta(days=7)


def open_account(session: Session, *, lots: int = 1, amount: int = 1000, ends: bool = False) -> int:
    """A user with `amount` in as many lots."""
    user_id = add_user(session)
    for n in range(lots):
        ledger.grant(
            session,
            user_id=user_id,
            amount=amount // lots,
            kind=TransactionKind.GRANT,
            key=f"open:{user_id}:{n}",
            now=START,
            expires_at=START + WEEK if ends else None,
        )
    return user_id


def buy(session: Session, user_id: int) -> UUID:
    """As a sale does it: the row first, which refers to the user, then the charge, which locks the user."""
    prediction_id = add_prediction(session, user_id=user_id, price=PRICE)
    ledger.charge(session, user_id=user_id, amount=PRICE, prediction_id=prediction_id, now=START)
    return prediction_id


def charge_again(session: Session, user_id: int, prediction_id: UUID) -> int:
    return ledger.charge(session, user_id=user_id, amount=PRICE, prediction_id=prediction_id, now=START).id


def give_back(session: Session, prediction_id: UUID) -> int:
    session.execute(text("UPDATE predictions SET status = 'failed'"))
    return ledger.charge_refund(session, prediction_id=prediction_id, now=START).id


def balance_of(session: Session, user_id: int) -> int:
    return int(session.execute(text(f"SELECT balance FROM users WHERE id = {user_id}")).scalar_one())


def count_of(session: Session, kind: str) -> int:
    return int(session.execute(text(f"SELECT count(*) FROM transactions WHERE kind = '{kind}'")).scalar_one())


async def holds(database: Database) -> None:
    report = await audit.run_audit(database)
    assert report.ok, str(report)


@pytest.mark.parametrize("lots", [1, 20])
async def test_fifty_charges_of_a_balance_for_ten(database: Database, lots: int) -> None:
    await database.write(add_model)
    user_id = await database.write(open_account, lots=lots)
    results = await asyncio.gather(*(database.write(buy, user_id) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(result, UUID) for result in results) == 10
    refusals = [result for result in results if isinstance(result, InsufficientBalance)]
    assert len(refusals) == 40
    assert {(refusal.needed, refusal.balance) for refusal in refusals} == {(PRICE, 0)}
    assert await database.read(balance_of, user_id) == 0
    assert await database.read(count_of, "charge") == 10
    await holds(database)


async def test_sales_of_one_user_do_not_deadlock(postgres_database: Database) -> None:
    """Each inserts a row that refers to the user before it locks the user: a lock that forbids references would have
    them wait for each other until PostgreSQL kills one."""
    await postgres_database.write(add_model)
    user_id = await postgres_database.write(open_account)
    await asyncio.gather(*(postgres_database.write(buy, user_id) for _ in range(10)))
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert await postgres_database.read(lambda session: session.execute(text(deadlocks)).scalar()) == 0


async def test_twenty_charges_of_one_prediction(database: Database) -> None:
    await database.write(add_model)
    user_id = await database.write(open_account)
    prediction_id = await database.write(add_prediction, user_id=user_id, price=PRICE)
    lines = await asyncio.gather(*(database.write(charge_again, user_id, prediction_id) for _ in range(20)))
    assert len(set(lines)) == 1
    assert await database.read(balance_of, user_id) == 900
    await holds(database)


async def test_twenty_refunds_of_one_charge(database: Database) -> None:
    await database.write(add_model)
    user_id = await database.write(open_account)
    prediction_id = await database.write(buy, user_id)
    lines = await asyncio.gather(*(database.write(give_back, prediction_id) for _ in range(20)))
    assert len(set(lines)) == 1
    assert await database.read(count_of, "charge_refund") == 1
    assert await database.read(balance_of, user_id) == 1000
    await holds(database)


async def test_twenty_grants_with_one_key(database: Database) -> None:
    user_id = await database.write(add_user)

    def grant(session: Session) -> tuple[int, int | None]:
        posting = ledger.grant(
            session, user_id=user_id, amount=500, kind=TransactionKind.WELCOME, key="welcome", now=START
        )
        return posting.id, posting.lot_id

    lines = await asyncio.gather(*(database.write(grant) for _ in range(20)))
    assert len(set(lines)) == 1
    assert lines[0][1] is not None
    assert await database.read(balance_of, user_id) == 500
    await holds(database)


async def test_expiry_against_charges(database: Database) -> None:
    """Lots end while ten sales want them: whatever is sold was charged, the rest expired, nothing twice."""
    await database.write(add_model)
    user_id = await database.write(open_account, lots=10, ends=True)

    def sweep(session: Session) -> int:
        return ledger.expire(session, now=START + WEEK)

    work = [database.write(buy, user_id) if n % 2 else database.write(sweep) for n in range(20)]
    results = await asyncio.gather(*work, return_exceptions=True)
    assert all(isinstance(result, UUID | int | InsufficientBalance) for result in results), results
    sold = sum(isinstance(result, UUID) for result in results)
    swept = sum(result for result in results if isinstance(result, int))
    assert await database.read(count_of, "charge") == sold
    assert await database.read(count_of, "expire") == swept
    assert await database.read(balance_of, user_id) == 0
    await holds(database)


async def test_refunds_against_expiry_of_many_users(database: Database) -> None:
    """Both lock several users: in one order."""
    await database.write(add_model)
    users = [await database.write(open_account, ends=True) for _ in range(6)]
    bought = [await database.write(buy, user_id) for user_id in users]

    def refund_all(session: Session) -> int:
        session.execute(text("UPDATE predictions SET status = 'failed'"))
        for prediction_id in bought:
            ledger.charge_refund(session, prediction_id=prediction_id, now=START + WEEK)
        return 0

    def sweep(session: Session) -> int:
        return ledger.expire(session, now=START + WEEK)

    await asyncio.gather(*(database.write(work) for _ in range(3) for work in (refund_all, sweep)))
    for user_id in users:
        assert await database.read(balance_of, user_id) == 0
    await holds(database)


SECOND_PROCESS = """
import asyncio, sys
from db.engine import Database
from services.billing.ledger import InsufficientBalance
from tests.integration.billing.test_races import buy

async def main() -> None:
    database = Database(sys.argv[1])
    sys.stdin.readline()
    results = await asyncio.gather(
        *(database.write(buy, int(sys.argv[2])) for _ in range(25)), return_exceptions=True
    )
    assert all(not isinstance(r, BaseException) or isinstance(r, InsufficientBalance) for r in results), results
    print(sum(not isinstance(r, BaseException) for r in results))
    await database.close()

asyncio.run(main())
"""


async def test_two_processes_and_one_balance(database: Database, database_url: str) -> None:
    await database.write(add_model)
    user_id = await database.write(open_account)
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SECOND_PROCESS, database_url, str(user_id)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=MIGRATIONS.parent,
        )
        for _ in range(2)
    ]
    outputs = await asyncio.gather(*(process.communicate(b"\n") for process in processes))
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sum(int(out) for out, _ in outputs) == 10
    assert await database.read(balance_of, user_id) == 0
    await holds(database)
