"""Selling: once, at the price on the screen, or not at all."""

import asyncio

import pytest

from db.tables.billing import Transaction
from db.tables.models import Model, Preset
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import User
from services.billing.ledger import InsufficientBalance
from services.models.offers import ModelNotOnSale
from services.predictions.submit import PriceChanged
from services.users.accounts import UserDisabled
from tests.support.clock import START
from tests.support.counter import Counter


async def test_a_sale_charges_once_and_queues(counter: Counter) -> None:
    anna = await counter.customer(1000)
    sold = await counter.buy(anna)
    view = await counter.view(sold)
    assert (view.status, view.price, view.inputs["alcohol"]) == (PredictionStatus.QUEUED, 100, 14.23)
    assert await counter.balance(anna) == 900
    assert await counter.kinds(sold.prediction_id) == ["charge"]
    assert counter.sold == ["wine"]


async def test_a_repeated_confirmation_sells_once(counter: Counter) -> None:
    anna = await counter.customer(1000)
    order = counter.order(anna)
    first, again = await counter.predictions.submit(order), await counter.predictions.submit(order)
    assert (first.repeated, again.repeated) == (False, True)
    assert again.prediction_id == first.prediction_id
    assert await counter.balance(anna) == 900
    assert counter.sold == ["wine"]  # nobody is woken for nothing


async def test_twenty_taps_at_once_sell_once(counter: Counter) -> None:
    anna = await counter.customer(1000)
    order = counter.order(anna)
    sales = await asyncio.gather(*(counter.predictions.submit(order) for _ in range(20)))
    assert len({sold.prediction_id for sold in sales}) == 1
    assert sum(not sold.repeated for sold in sales) == 1
    assert await counter.balance(anna) == 900


async def test_the_same_key_of_two_customers_is_two_sales(counter: Counter) -> None:
    anna, boris = await counter.customer(), await counter.customer()
    sales = [await counter.buy(user, request_key="tap") for user in (anna, boris)]
    assert sales[0].prediction_id != sales[1].prediction_id


async def test_a_repeat_is_recognised_after_the_terms_have_changed(counter: Counter) -> None:
    anna = await counter.customer(100)
    order = counter.order(anna)
    first = await counter.predictions.submit(order)
    await counter.reprice("wine", 700)
    assert (await counter.predictions.submit(order)).prediction_id == first.prediction_id
    await counter.change(Model, Model.slug == "wine", admin_enabled=False)
    assert (await counter.predictions.submit(order)).prediction_id == first.prediction_id
    assert await counter.balance(anna) == 0


async def test_many_customers_at_once(counter: Counter) -> None:
    people = [await counter.customer(300) for _ in range(8)]
    results = await asyncio.gather(*(counter.buy(user) for user in people for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, InsufficientBalance) for result in results) == 16
    assert [await counter.balance(user) for user in people] == [0] * 8
    assert await counter.count(Prediction) == 24


async def test_a_changed_price_is_told_and_nothing_is_charged(counter: Counter) -> None:
    anna = await counter.customer(1000)
    await counter.reprice("wine", 250)
    with pytest.raises(PriceChanged) as caught:
        await counter.buy(anna)
    assert (caught.value.shown, caught.value.price) == (100, 250)
    await _nothing_happened(counter, anna, 1000)
    assert not (await counter.buy(anna, price=250)).repeated


@pytest.mark.parametrize("change", [{"admin_enabled": False}, {"present": False}])
async def test_what_is_not_on_sale_is_not_sold(counter: Counter, change: dict[str, bool]) -> None:
    anna = await counter.customer(1000)
    await counter.change(Model, Model.slug == "wine", **change)
    with pytest.raises(ModelNotOnSale):
        await counter.buy(anna)
    await _nothing_happened(counter, anna, 1000)


async def test_an_unknown_model_is_not_sold(counter: Counter) -> None:
    anna = await counter.customer(1000)
    with pytest.raises(ModelNotOnSale):
        await counter.buy(anna, slug="crystal-ball")
    await _nothing_happened(counter, anna, 1000)


async def test_a_disabled_user_buys_nothing(counter: Counter) -> None:
    anna = await counter.customer(1000)
    await counter.change(User, User.id == anna, disabled_at=START)
    with pytest.raises(UserDisabled):
        await counter.buy(anna)
    await _nothing_happened(counter, anna, 1000)


async def test_too_few_credits_leave_nothing_behind(counter: Counter) -> None:
    anna = await counter.customer(99)
    with pytest.raises(InsufficientBalance):
        await counter.buy(anna)
    await _nothing_happened(counter, anna, 99)


async def test_a_free_model_has_no_charge(counter: Counter) -> None:
    await counter.reprice("wine", 0)
    anna = await counter.customer(0)
    sold = await counter.buy(anna, price=0)
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is PredictionStatus.SUCCEEDED
    assert await counter.kinds(sold.prediction_id) == []


async def test_a_free_model_that_fails_is_not_refunded(counter: Counter) -> None:
    await counter.reprice("wine", 0)
    sold = await counter.buy(await counter.customer(0), inputs={}, price=0)
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is PredictionStatus.FAILED
    assert await counter.kinds(sold.prediction_id) == []


async def test_a_preset_has_its_own_price(counter: Counter) -> None:
    anna = await counter.customer(1000)
    preset = await _preset(counter, slug="red", price=300)
    with pytest.raises(PriceChanged):
        await counter.buy(anna, preset_id=preset)
    sold = await counter.buy(anna, preset_id=preset, price=300)
    assert (await counter.view(sold)).preset_id == preset
    assert await counter.balance(anna) == 700


async def test_a_preset_without_a_price_follows_its_model(counter: Counter) -> None:
    anna = await counter.customer(1000)
    preset = await _preset(counter, slug="plain", price=None)
    await counter.reprice("wine", 150)
    await counter.buy(anna, preset_id=preset, price=150)
    assert await counter.balance(anna) == 850


async def test_a_preset_sells_its_own_model_only_and_only_while_it_is_on(counter: Counter) -> None:
    anna = await counter.customer(1000)
    cheap = await _preset(counter, slug="cheap", price=1, model="negative")
    with pytest.raises(ModelNotOnSale):
        await counter.buy(anna, preset_id=cheap, price=1)
    preset = await _preset(counter, slug="off", price=None)
    await counter.change(Preset, Preset.id == preset, enabled=False)
    with pytest.raises(ModelNotOnSale):
        await counter.buy(anna, preset_id=preset)
    await _nothing_happened(counter, anna, 1000)


async def _preset(counter: Counter, *, slug: str, price: int | None, model: str = "wine") -> int:
    row = {
        "slug": slug, "model_slug": model, "title": {"en": slug}, "price": price, "inputs": {}, "enabled": True,
        "position": 1, "created_at": START,
    }  # fmt: skip
    table = Preset.__table__
    return await counter.db.write(
        lambda session: int(session.execute(table.insert().values(row).returning(table.c.id)).scalar_one())  # type: ignore[attr-defined]  # a declarative table is a Table
    )


async def _nothing_happened(counter: Counter, user_id: int, balance: int) -> None:
    assert await counter.balance(user_id) == balance
    assert await counter.count(Prediction) == 0
    assert await counter.count(Transaction, Transaction.prediction_id.is_not(None)) == 0
    assert counter.sold == []
