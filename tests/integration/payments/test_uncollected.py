"""Money went back whose credits were spent: what comes back of them later belongs to the shop, nothing else does."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import Transaction
from db.tables.payments import PaymentStatus
from db.tables.predictions import Prediction, PredictionStatus
from services.billing import ledger
from services.money import rub
from services.payments.packages import PackageOffer, Packages
from services.payments.providers.base import ResultUnknown
from services.payments.queries import PaymentView
from services.plans.discounts import discount_of
from services.users.actor import Actor
from services.users.roles import Staff
from tests.support.clock import FakeClock
from tests.support.faults import Fault
from tests.support.shop import add_model, add_prediction
from tests.support.tills import OWNER, Cashier, open_cashier


def buy(session: Session, user_id: int, price: int, cashier: Cashier) -> UUID:
    prediction_id = add_prediction(session, user_id=user_id, price=price)
    ledger.charge(session, user_id=user_id, amount=price, prediction_id=prediction_id, now=cashier.clock())
    return prediction_id


def fail(session: Session, prediction_id: UUID, cashier: Cashier) -> None:
    predictions = table_of(Prediction)
    session.execute(update(predictions).where(predictions.c.id == prediction_id).values(status=PredictionStatus.FAILED))
    ledger.charge_refund(session, prediction_id=prediction_id, now=cashier.clock())


async def buys(cashier: Cashier, user_id: int, price: int) -> UUID:
    return await cashier.db.write(buy, user_id, price, cashier)


async def fails(cashier: Cashier, prediction_id: UUID) -> None:
    await cashier.db.write(fail, prediction_id, cashier)


async def refunds(cashier: Cashier, payment: PaymentView) -> list[tuple[int, int]]:
    """(taken, owed) of each, oldest first."""
    rows = await cashier.payments.refunds(payment.id)
    return [(row.credits_taken, row.credits_uncollected) for row in rows]


async def lines(cashier: Cashier) -> list[tuple[str, int]]:
    table = table_of(Transaction)
    query = select(table.c.kind, table.c.amount).order_by(table.c.id)
    return await cashier.db.read(lambda session: [(row.kind, row.amount) for row in session.execute(query)])


@pytest.fixture
async def anna(cashier: Cashier) -> int:
    await cashier.db.write(add_model)
    return await cashier.customer()


async def test_credits_that_come_back_to_a_refunded_payment_are_taken(cashier: Cashier, anna: int) -> None:
    payment = await cashier.pays(anna)
    prediction = await buys(cashier, anna, 2000)
    await cashier.refunds(payment, 300_00, confirmed=True)
    assert await refunds(cashier, payment) == [(1000, 2000)]
    await fails(cashier, prediction)
    assert await refunds(cashier, payment) == [(3000, 0)]
    assert await cashier.balance(anna) == 0
    assert await lines(cashier) == [
        ("topup", 3000),
        ("charge", -2000),
        ("take_back", -1000),
        ("charge_refund", 2000),
        ("take_back", -2000),
    ]
    await cashier.is_sound()


async def test_only_as_much_as_is_owed_the_oldest_first(cashier: Cashier, anna: int) -> None:
    payment = await cashier.pays(anna)
    prediction = await buys(cashier, anna, 2900)
    for kopecks in (80_00, 70_00):
        await cashier.refunds(payment, kopecks, confirmed=True)
        cashier.clock.advance(minutes=1)
    assert await refunds(cashier, payment) == [(100, 700), (0, 700)]
    await fails(cashier, prediction)
    assert await refunds(cashier, payment) == [(800, 0), (700, 0)]
    assert await cashier.balance(anna) == 1500
    await cashier.is_sound()


async def test_what_belongs_to_other_payments_and_other_people_stays(cashier: Cashier, anna: int) -> None:
    john = await cashier.customer()
    refunded, whole, johns = [await cashier.pays(user) for user in (anna, anna, john)]
    first, second = await buys(cashier, anna, 2500), await buys(cashier, anna, 1000)  # 500 of it of the second payment
    other = await buys(cashier, john, 1000)
    await cashier.refunds(refunded, 300_00, confirmed=True)
    assert await refunds(cashier, refunded) == [(0, 3000)]
    await fails(cashier, other)
    assert await cashier.balance(john) == johns.credits
    await fails(cashier, second)
    assert await refunds(cashier, refunded) == [(500, 2500)]
    assert await cashier.balance(anna) == whole.credits
    await fails(cashier, first)
    assert await refunds(cashier, refunded) == [(3000, 0)]
    assert await cashier.balance(anna) == whole.credits
    await cashier.is_sound()


async def test_credits_whose_end_has_come_expire_and_stay_owed(cashier: Cashier, anna: int) -> None:
    offer = PackageOffer(title={"ru": "День", "en": "Day"}, credits=1000, price=rub(100_00), valid_days=1)
    package = await Packages(cashier.db, cashier.clock, Staff((OWNER,)), discount_of).create(
        offer, actor=Actor.system()
    )
    payment = await cashier.pays(anna, None, package_id=package.id)
    prediction = await buys(cashier, anna, 600)
    await cashier.refunds(payment, 100_00, confirmed=True)
    cashier.clock.now += timedelta(days=1)
    await fails(cashier, prediction)
    assert await refunds(cashier, payment) == [(400, 600)]
    assert (await lines(cashier))[-2:] == [("charge_refund", 600), ("expire", -600)]
    await cashier.is_sound()


async def test_more_is_under_way_than_was_paid(cashier: Cashier, anna: int) -> None:
    """Ours was lost on the way, and meanwhile somebody sent all of it back in the cabinet."""
    payment = await cashier.pays(anna)
    cashier.yookassa.faults.append(Fault.LOST)
    with pytest.raises(ResultUnknown):
        await cashier.refunds(payment, 300_00)
    cashier.yookassa.refund_in_cabinet(payment.provider_payment_id or "", 300_00)
    await cashier.notified()
    quote = await cashier.till.refunds.quote(payment.id)
    assert (quote.rest.minor, quote.covered.minor) == (0, 0)
    cashier.clock.advance(minutes=1)
    await cashier.till.reconciler.round()
    assert sorted(await refunds(cashier, payment)) == [(0, 0), (3000, 0)]
    await cashier.is_sound()


async def test_a_refund_and_a_return_at_the_same_moment(cashier: Cashier, anna: int) -> None:
    """Whichever comes first, all of it is taken."""
    payments = [await cashier.pays(anna, 100_00) for _ in range(6)]
    predictions = [await buys(cashier, anna, 900) for _ in payments]
    await asyncio.gather(
        *(cashier.refunds(payment, 100_00, confirmed=True) for payment in payments),
        *(fails(cashier, prediction) for prediction in predictions),
    )
    assert [await refunds(cashier, payment) for payment in payments] == [[(1000, 0)]] * 6
    assert await cashier.balance(anna) == 0
    await cashier.is_sound()


async def test_they_lock_in_one_order(postgres_database: Database, clock: FakeClock) -> None:
    cashier = open_cashier(postgres_database, clock)
    await cashier.db.write(add_model)
    users = [await cashier.customer() for _ in range(3)]
    payments = [await cashier.pays(user, 100_00) for user in users for _ in range(4)]
    predictions = [await buys(cashier, user, 1000) for user in users for _ in range(4)]
    await asyncio.gather(
        *(cashier.refunds(payment, 50_00, confirmed=True) for payment in payments for _ in range(2)),
        *(fails(cashier, prediction) for prediction in predictions),
        cashier.notified(),
    )
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert await cashier.db.read(lambda session: session.execute(deadlocks).scalar()) == 0
    for payment in payments:
        assert payment.status is PaymentStatus.SUCCEEDED
        assert await refunds(cashier, payment) == [(500, 0), (500, 0)]
    await cashier.is_sound()
