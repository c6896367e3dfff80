"""What a plan pays for: taken where credits would be charged, given back where nothing was delivered."""

import asyncio
from datetime import timedelta

import pytest

from db.tables.plans import AllowanceUnit
from db.tables.predictions import PredictionStatus
from services.billing.ledger import InsufficientBalance
from services.predictions.submit import PriceChanged
from tests.support.clock import FakeClock
from tests.support.counter import Counter
from tests.support.plans import add_plan, used


@pytest.fixture
async def two_a_month(counter: Counter, clock: FakeClock) -> None:
    await _plan(counter, clock, "wine")


async def _plan(counter: Counter, clock: FakeClock, *slugs: str) -> None:
    unit = AllowanceUnit.REQUESTS
    await counter.db.write(add_plan, "free", kopecks=None, allowances=[(unit, 2, slugs)], created_at=clock())


@pytest.mark.usefixtures("two_a_month")
async def test_the_plan_pays_before_credits_do(counter: Counter) -> None:
    anna = await counter.customer(100)
    sold = [await counter.buy(anna) for _ in range(3)]
    assert [(await counter.view(each)).price for each in sold] == [0, 0, 100]
    assert (await counter.balance(anna), await counter.db.read(used)) == (0, [2])
    with pytest.raises(InsufficientBalance):
        await counter.buy(anna)
    await counter.check()


@pytest.mark.usefixtures("two_a_month")
async def test_what_the_screen_said_the_plan_would_pay_is_not_charged(counter: Counter) -> None:
    anna = await counter.customer(1000)
    shown = [counter.order(anna, price=0) for _ in range(3)]
    await counter.predictions.submit(shown[0])
    await counter.predictions.submit(shown[1])
    with pytest.raises(PriceChanged) as caught:
        await counter.predictions.submit(shown[2])
    assert (caught.value.price, await counter.balance(anna)) == (100, 1000)


@pytest.mark.usefixtures("two_a_month")
async def test_a_repeated_confirmation_takes_once(counter: Counter) -> None:
    anna = await counter.customer(0)
    order = counter.order(anna)
    await asyncio.gather(*(counter.predictions.submit(order) for _ in range(8)))
    assert await counter.db.read(used) == [1]


@pytest.mark.usefixtures("two_a_month")
async def test_ten_at_once_take_no_more_than_there_is(counter: Counter) -> None:
    anna = await counter.customer(0)
    sold = await asyncio.gather(*(counter.buy(anna) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(each, InsufficientBalance) for each in sold) == 8
    assert await counter.db.read(used) == [2]


async def test_what_failed_comes_back_and_what_was_answered_does_not(counter: Counter, clock: FakeClock) -> None:
    await _plan(counter, clock)
    anna = await counter.customer(0)
    bad = await counter.buy(anna, "negative", {"photo": 5})
    good = await counter.buy(anna)
    assert await counter.db.read(used) == [2]
    await counter.worker().run_waiting()
    assert (await counter.view(bad)).status is PredictionStatus.FAILED
    assert (await counter.view(good)).status is PredictionStatus.SUCCEEDED
    assert await counter.db.read(used) == [1]
    await counter.check()


@pytest.mark.usefixtures("two_a_month")
async def test_one_that_is_wanted_no_more_comes_back(counter: Counter) -> None:
    anna = await counter.customer(0)
    sold = await counter.buy(anna)
    await counter.predictions.cancel(sold.prediction_id, user_id=anna)
    assert await counter.db.read(used) == [0]


@pytest.mark.usefixtures("two_a_month")
async def test_the_next_month_gives_anew(counter: Counter, clock: FakeClock) -> None:
    anna = await counter.customer(0)
    await counter.buy(anna)
    await counter.buy(anna)
    clock.now += timedelta(days=32)
    await counter.buy(anna)
    assert await counter.db.read(used) == [2, 1]


async def test_other_models_cost_credits(counter: Counter, clock: FakeClock) -> None:
    await _plan(counter, clock, "negative")
    anna = await counter.customer(100)
    await counter.buy(anna)
    assert (await counter.balance(anna), await counter.db.read(used)) == (0, [0])
