"""A table is sold once, at the price that was shown."""

import pytest

from db.tables.models import Model
from db.tables.scorings import ScoringStatus
from services.billing.ledger import InsufficientBalance
from services.models.offers import ModelNotOnSale
from services.predictions.submit import PriceChanged
from services.scoring.queries import ScoringNotFound
from services.scoring.submit import ModelChanged
from tests.support.tables import TableDesk


async def test_one_charge_for_all_rows(desk: TableDesk) -> None:
    anna = await desk.counter.customer(500)
    view = await desk.ordered(anna, [1, 2, 3])
    assert view.status is ScoringStatus.QUEUED
    assert await desk.lines(view.id) == [("charge", -300)]
    assert await desk.counter.balance(anna) == 200


async def test_two_taps_are_one_order(desk: TableDesk) -> None:
    draft = await desk.draft(await desk.counter.customer(900), [1, 2, 3])
    await desk.order(draft)
    await desk.order(draft)
    assert await desk.lines(draft.id) == [("charge", -300)]


async def test_what_nobody_can_pay_stays_a_draft(desk: TableDesk) -> None:
    draft = await desk.draft(await desk.counter.customer(299), [1, 2, 3])
    with pytest.raises(InsufficientBalance):
        await desk.order(draft)
    assert (await desk.view(draft)).status is ScoringStatus.DRAFT
    await desk.counter.give(draft.user_id, 1)
    await desk.order(draft)
    assert await desk.counter.balance(draft.user_id) == 0


async def test_another_price_than_was_shown(desk: TableDesk) -> None:
    draft = await desk.draft(await desk.counter.customer(900), [1, 2, 3])
    await desk.counter.reprice("double", 120)
    with pytest.raises(PriceChanged) as changed:
        await desk.order(draft)
    assert changed.value.price == 360
    await desk.order(draft, total=360)


async def test_a_model_that_left_or_changed(desk: TableDesk) -> None:
    draft = await desk.draft(await desk.counter.customer(900), [1])
    await desk.counter.change(Model, Model.slug == "double", version="2.0.0")
    with pytest.raises(ModelChanged):
        await desk.order(draft)
    await desk.counter.change(Model, Model.slug == "double", present=False)
    with pytest.raises(ModelNotOnSale):
        await desk.order(draft)
    assert await desk.counter.balance(draft.user_id) == 900


async def test_nobody_orders_anothers_table(desk: TableDesk) -> None:
    draft = await desk.draft(await desk.counter.customer(900), [1])
    other = await desk.counter.customer(900)
    with pytest.raises(ScoringNotFound):
        await desk.scorings.get(draft.id, user_id=other)
    with pytest.raises(ScoringNotFound):
        await desk.scorings.cancel(draft.id, user_id=other)
    await desk.scorings.drop(draft.id, user_id=other)
    await desk.order(draft)


async def test_a_draft_that_nobody_orders_goes_with_its_files(desk: TableDesk) -> None:
    draft = await desk.draft(await desk.counter.customer(900), [1])
    kept = await desk.ordered(draft.user_id, [2])
    await desk.scorings.drop_old_drafts()
    assert await desk.view(draft)
    desk.counter.clock.advance(seconds=25 * 3600)
    await desk.scorings.drop_old_drafts()
    with pytest.raises(ScoringNotFound):
        await desk.view(draft)
    assert (await desk.view(kept)).status is ScoringStatus.QUEUED
