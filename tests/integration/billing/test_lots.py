"""The lots that a charge looks at are found by the index of lots that still hold something, however many are spent."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from db.engine import Database
from db.tables.billing import TransactionKind
from db.tables.predictions import PredictionStatus
from services.billing import audit, ledger, lots
from tests.support.clock import START
from tests.support.shop import add_model, add_prediction, add_user


def test_take_stops_when_it_has_enough() -> None:
    held = [lots.OpenLot(id=n, held=10, expires_at=None) for n in range(3)]
    assert lots.take(held, 15) == [(0, -10), (1, -5)]
    assert lots.take(held, 20) == [(0, -10), (1, -10)]
    assert lots.take(held, 99) == [(0, -10), (1, -10), (2, -10)]
    assert lots.take(held, 0) == []


@pytest.mark.parametrize("name", ["open_lots", "owners_of_ended"])
async def test_spent_lots_are_not_looked_at(database: Database, name: str) -> None:
    statement = getattr(lots, f"_{name}")

    def plan(session: Session) -> str:
        connection = session.connection()
        sql = str(statement.compile(connection))
        if database.is_sqlite:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?"))
            return "\n".join(row[3] for row in rows)
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # the tables are empty
        connection.exec_driver_sql("SET LOCAL plan_cache_mode = force_generic_plan")  # as after the fifth time
        connection.exec_driver_sql(f"PREPARE asked AS {sql}")
        nothing = ", ".join(["NULL"] * len(set(re.findall(r"\$\d", sql))))
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN EXECUTE asked ({nothing})"))

    assert "ix_lots_" in await database.write(plan)


async def test_a_key_names_one_operation(database: Database) -> None:
    anna, boris = await database.write(add_user), await database.write(add_user)

    def grant(session: Session, user_id: int, kind: TransactionKind) -> ledger.Posting:
        return ledger.grant(session, user_id=user_id, amount=100, kind=kind, key="k", now=START)

    await database.write(grant, anna, TransactionKind.GRANT)
    for user_id, kind in ((boris, TransactionKind.GRANT), (anna, TransactionKind.WELCOME)):
        with pytest.raises(ValueError, match="k is the key of grant of user"):
            await database.write(grant, user_id, kind)


async def test_a_lot_is_written_off_again_when_clocks_differ(database: Database) -> None:
    """A machine whose clock is behind returns a charge to a lot that another one has already ended."""
    user_id, end = await database.write(add_user), START + timedelta(hours=1)
    await database.write(add_model)

    def sell(session: Session) -> UUID:
        kind = TransactionKind.GRANT
        ledger.grant(session, user_id=user_id, amount=100, kind=kind, key="g", now=START, expires_at=end)
        prediction_id = add_prediction(session, user_id=user_id, price=40, status=PredictionStatus.FAILED)
        ledger.charge(session, user_id=user_id, amount=40, prediction_id=prediction_id, now=START)
        return prediction_id

    sold = await database.write(sell)
    assert await database.write(ledger.expire, now=end) == 1
    await database.write(ledger.charge_refund, prediction_id=sold, now=START)
    assert await database.write(ledger.expire, now=end) == 1
    assert await database.write(ledger.expire, now=end) == 0
    report = await audit.run_audit(database)
    assert report.ok, str(report)
