"""The weekly bonus is written set by set: as the ledger would write it, and without getting into anybody's way."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.billing import BonusGrant, Lot, LotEntry, Transaction, TransactionKind
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import User
from services import bonuses as module
from services.billing import ledger
from services.users.accounts import Users, Visitor
from tests.integration.billing.test_bonuses import WEEK, Parish
from tests.integration.billing.test_races import buy
from tests.support.clock import START, FakeClock
from tests.support.shop import add_bonus, add_model
from tests.support.tills import Cashier, open_cashier

_users, _lots, _lines, _entries = table_of(User), table_of(Lot), table_of(Transaction), table_of(LotEntry)


@pytest.fixture
def parish(database: Database, clock: FakeClock) -> Parish:
    return Parish(database, clock)


async def test_the_same_rows_as_one_by_one(parish: Parish) -> None:
    """Column by column, but for ids and whose it is: a column that only one of the two writes is found here."""
    set_by_set, one_by_one = await parish.people(2)
    ends = parish.clock() + parish.bonuses().terms.ttl

    def grant(session: Session) -> None:
        posting = ledger.grant(
            session,
            user_id=one_by_one,
            amount=200,
            kind=TransactionKind.BONUS,
            key=f"bonus:{WEEK}:{one_by_one}",
            now=parish.clock(),
            expires_at=ends,
        )
        add_bonus(session, user_id=one_by_one, week=WEEK, amount=200, transaction_id=posting.id)

    await parish.db.write(grant)
    assert (await parish.bonuses().grant(WEEK)).users == 1
    for query in (
        select(_lots).where(_lots.c.user_id.in_([set_by_set, one_by_one])),
        select(_lines),
        select(_entries),
        select(table_of(BonusGrant)),
        select(_users.c.balance),
    ):
        rows: Sequence[AnyRow] = await parish.db.read(lambda session, query=query: session.execute(query).all())  # type: ignore[misc]  # a lambda with a default
        first, second = (_anonymous(row) for row in rows)
        assert first == second
    await parish.audit()


def _anonymous(row: AnyRow) -> dict[str, object]:
    named = {"id", "user_id", "lot_id", "transaction_id"}
    fields = {name: value for name, value in row._mapping.items() if name not in named}
    if "key" in fields:
        fields["key"] = str(fields["key"]).rpartition(":")[0]
    return fields


async def test_beside_everything_else_that_locks_users(
    postgres_database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sales, batches that fail, top-ups, refunds, visits, people who are disabled and enabled: nobody is killed by
    PostgreSQL for a deadlock, and everybody who stayed has the bonus once."""
    monkeypatch.setattr(module, "CHUNK", 5)
    parish, cashier = Parish(postgres_database, clock), open_cashier(postgres_database, clock)
    people = await parish.people(20)
    await parish.db.write(add_model)
    paid = [await cashier.pays(user) for user in people]
    for number in range(1, 4):
        work = [
            *(parish.db.write(buy, user) for user in people),
            *(parish.db.write(_fails_together, people[number::4]) for _ in range(2)),
            *(_tops_up(cashier, user) for user in people[::3]),
            *(cashier.refunds(payment, 50_00, confirmed=True) for payment in paid[number::5]),
            *(_comes(postgres_database, clock, user) for user in people),
            *(parish.db.write(_set_disabled, user, on) for user in people[-2:] for on in (True, False)),
        ]
        week = f"2026-W{47 + number}"
        grants = [parish.bonuses().grant(week) for _ in range(2)]
        await asyncio.gather(*work[: number * 10], *grants, *work[number * 10 :])
        for user in people:
            await parish.db.write(_set_disabled, user, False)
        await parish.bonuses().grant(week)
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert await parish.db.read(lambda session: session.execute(deadlocks).scalar()) == 0
    weeks = [(row.user_id, row.week) for row in await parish.rows(BonusGrant)]
    came = [*people, (await cashier.owner()).user_id]  # who sends money back was here, too
    assert len(weeks) == len(set(weeks)) == 3 * len(came)
    await parish.audit()


def _fails_together(session: Session, people: list[int]) -> None:
    """A batch of one model, settled: the users are locked in the order of their ids."""
    predictions = table_of(Prediction)
    queued = select(predictions.c.id).where(
        predictions.c.user_id.in_(people), predictions.c.status == PredictionStatus.QUEUED
    )
    ids: list[UUID] = list(
        session.scalars(queued.order_by(predictions.c.user_id, predictions.c.id).with_for_update(skip_locked=True))
    )
    session.execute(update(predictions).where(predictions.c.id.in_(ids)).values(status=PredictionStatus.FAILED))
    for prediction_id in ids:
        ledger.charge_refund(session, prediction_id=prediction_id, now=START)


async def _tops_up(cashier: Cashier, user: int) -> None:
    payment = await cashier.begins(user)
    cashier.yookassa.pay(payment.provider_payment_id or "")
    await cashier.till.settlement.check(payment)


async def _comes(db: Database, clock: FakeClock, user: int) -> None:
    telegram_id = await db.read(lambda session: session.scalar(select(_users.c.telegram_id).where(_users.c.id == user)))
    later = clock() + timedelta(hours=1)
    visitor = Visitor(telegram_id=telegram_id or 0, username=None, first_name="Anna", language="ru")
    await Users(db, lambda: later, welcome_credits=0).enter(visitor)


def _set_disabled(session: Session, user: int, on: bool) -> None:
    session.execute(update(_users).where(_users.c.id == user).values(disabled_at=START if on else None))
