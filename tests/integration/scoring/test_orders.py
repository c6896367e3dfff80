"""A table is sold once, at the price that was shown."""

from pathlib import Path

import pytest

from db.tables.models import Model
from db.tables.predictions import File
from db.tables.scorings import ScoringStatus
from services.billing.ledger import InsufficientBalance
from services.models.offers import ModelNotOnSale
from services.predictions.submit import PriceChanged
from services.scoring.choosing import NoDefault
from services.scoring.drafts import MOST_DRAFTS
from services.scoring.queries import ScoringNotFound
from services.scoring.submit import MOST_UNDER_WAY, ModelChanged, TooManyTables
from services.values.intake import Intake
from tests.support.tables import WORDING, TableDesk


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


async def test_twenty_tables_of_a_customer_are_under_way(desk: TableDesk) -> None:
    anna, boris = await desk.counter.customer(3000), await desk.counter.customer(100)
    first = await desk.ordered(anna, [0])
    for number in range(1, MOST_UNDER_WAY):
        await desk.ordered(anna, [number])
    draft = await desk.draft(anna, [99])
    with pytest.raises(TooManyTables):
        await desk.order(draft)
    assert await desk.counter.balance(anna) == 1000
    await desk.ordered(boris, [1])
    await desk.scorings.cancel(first.id, user_id=anna)
    assert (await desk.order(draft)).status is ScoringStatus.QUEUED


async def test_the_oldest_draft_makes_room_and_leaves_no_file(desk: TableDesk) -> None:
    counter = desk.counter
    anna = await counter.customer(500)
    ordered = await desk.ordered(anna, [1])
    offer = await counter.models.offer("double")
    drafts = []
    for number in range(MOST_DRAFTS + 2):
        counter.clock.advance(seconds=1)
        async with Intake().upload(anna) as upload:
            upload.file.write(f"x\n{number}\n".encode())
            view = await desk.scorings.begin(
                offer, upload, name="t.csv", user_id=anna, wording=WORDING, say=lambda label, _: label
            )
        drafts.append(view)
    for gone in drafts[:2]:
        with pytest.raises(ScoringNotFound):
            await desk.view(gone)
        assert await counter.files.get(gone.source_file_id, user_id=anna) is None
        assert not await counter.count(File, File.id.in_([gone.source_file_id, gone.checked_file_id]))
    assert [(await desk.view(kept)).rows for kept in drafts[2:]] == [1] * MOST_DRAFTS
    assert (await desk.view(ordered)).status is ScoringStatus.QUEUED
    await desk.scorings.drop(drafts[-1].id, user_id=anna)
    assert not await counter.count(File, File.id == drafts[-1].source_file_id)


async def test_null_for_what_has_no_default(desk: TableDesk) -> None:
    counter = desk.counter
    anna = await counter.customer(500)
    offer = await counter.models.offer("double")
    async with Intake().upload(anna) as upload:
        upload.file.write(b"a;b\n1;2\n")
        view = await desk.scorings.begin(
            offer, upload, name="t.csv", user_id=anna, wording=WORDING, say=lambda label, _: label
        )
    with pytest.raises(NoDefault) as refused:
        await desk.scorings.choose(view.id, offer, user_id=anna, columns={"x": None}, say=lambda label, _: label)
    assert refused.value.params == {"name": "x"}
    assert (await desk.view(view)).columns == {}


async def test_a_folder_edited_under_the_same_version(desk: TableDesk, tmp_path: Path) -> None:
    """What the checked rows mean may be another thing now: the table is sent again, or ends with what it has."""
    counter = desk.counter
    anna = await counter.customer(500)
    offer = await counter.models.offer("double")
    drafts = []
    for _ in range(2):
        async with Intake().upload(anna) as upload:
            upload.file.write(b"x\n1\n2\n")
            drafts.append(
                await desk.scorings.begin(
                    offer, upload, name="t.csv", user_id=anna, wording=WORDING, say=lambda label, _: label
                )
            )
    ordered = await desk.order(drafts[0])
    manifest = tmp_path / "models" / "double" / "manifest.toml"
    manifest.write_text(manifest.read_text().replace("example = 1", "min = -5\nexample = 1"))
    assert not await counter.models.sync(counter.engine)
    with pytest.raises(ModelChanged):
        await desk.order(drafts[1])
    assert await counter.balance(anna) == 300
    for _ in range(4):
        await desk.worker().run_waiting()
        counter.clock.advance(minutes=1)
    assert (await desk.view(ordered)).status is ScoringStatus.FAILED
    assert await counter.balance(anna) == 500
