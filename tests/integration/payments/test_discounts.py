"""A plan makes packages cheaper, for as long as it runs."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from db.base import table_of
from db.tables.billing import Package
from services.money import rub
from services.payments.packages import package_on_sale
from services.payments.pricing import discounted
from services.plans.discounts import discount_of
from services.plans.free import open_free
from tests.support.clock import FakeClock
from tests.support.plans import add_plan
from tests.support.tills import Cashier

ROW = {"id": 1, "title": {"ru": "Пакет", "en": "Package"}, "credits": 10_000, "price_kopecks": 99_99, "enabled": True}


@pytest.mark.parametrize(
    ("kopecks", "percent", "costs"), [(9_999, 10, 9_000), (1_000, 0, 1_000), (150, 90, 100), (101, 1, 100)]
)
def test_rounded_up_and_never_below_what_can_be_paid(kopecks: int, percent: int, costs: int) -> None:
    assert discounted(rub(kopecks), percent, 100) == rub(costs)


async def test_for_as_long_as_the_plan_runs(cashier: Cashier, clock: FakeClock) -> None:
    anna, boris = await cashier.customer(), await cashier.customer()
    db, now = cashier.db, clock()
    await db.write(lambda s: s.execute(insert(table_of(Package)), ROW | {"position": 1, "created_at": now}))
    await db.write(add_plan, "free", kopecks=None, discount_percent=10, created_at=now)
    await db.write(open_free, anna, now)
    prices = [(await db.read(package_on_sale, 1, user, clock(), discount_of)).price for user in (anna, boris)]
    assert prices == [rub(9_000), rub(9_999)]
    clock.now += timedelta(days=40)
    assert (await db.read(package_on_sale, 1, anna, clock(), discount_of)).price == rub(9_999)
