"""Tables of a preset: what it answers is asked of no column, and its price is that of a row."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.models import Preset
from db.tables.plans import AllowanceUnit
from db.tables.scorings import ScoringStatus
from services.models.offers import ModelNotOnSale
from services.plans.paying import PlanCover
from services.predictions.submit import PriceChanged
from services.scoring.queries import ScoringView
from services.values.intake import Intake
from tests.support.clock import FakeClock
from tests.support.plans import add_plan, used
from tests.support.tables import WORDING, TableDesk, open_desk
from tests.unit.inference.models import FLOAT, NUMBER_Y, graph, node, write_model

INPUTS = """
[[inputs]]
name = "metres"
type = "number"
label = "Metres"
example = 1
tensor = { name = "M" }
[[inputs]]
name = "rate"
type = "number"
label = "Rate"
example = 1
tensor = { name = "R" }
"""
PRESETS = """
[[presets]]
slug = "threefold"
name = { ru = "Втрое", en = "Threefold" }
price = "2.50"
inputs = { rate = 3 }
[[presets]]
slug = "for-nothing"
name = { ru = "Даром", en = "For nothing" }
price = "0.00"
inputs = { rate = 7 }
"""
PRICE = 250


@pytest.fixture
async def desk(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[TableDesk]:
    shape = ["N", 1]
    product = graph([node("Mul", ["M", "R"], ["Y"])], [("M", FLOAT, shape), ("R", FLOAT, shape)], [("Y", FLOAT, shape)])
    folder = write_model(tmp_path, product, INPUTS + NUMBER_Y, slug="product")
    (folder / "presets.toml").write_text(PRESETS, encoding="utf-8")
    desk = await open_desk(database, clock, tmp_path)
    async with desk.counter.exits:
        yield desk
        await desk.counter.check()


async def sends(desk: TableDesk, slug: str, user_id: int, *rows: str) -> ScoringView:
    offer = await desk.counter.models.offer(slug)
    async with Intake().upload(user_id) as upload:
        upload.file.write("\n".join(rows).encode())
        return await desk.scorings.begin(
            offer, upload, name="t.csv", user_id=user_id, wording=WORDING, say=lambda label, problem: label
        )


async def test_the_preset_answers_what_has_no_column_and_has_its_own_price(desk: TableDesk) -> None:
    anna = await desk.counter.customer(1_000)
    draft = await sends(desk, "threefold", anna, "Metres,Rate", "1,100", "2,100", "much,100")
    assert (draft.columns, draft.good, draft.bad) == ({"metres": 0}, 2, 1)
    with pytest.raises(PriceChanged) as changed:
        await desk.order(draft, total=200)  # the model's
    view = await desk.order(draft, total=changed.value.price)
    await desk.worker().run_waiting()
    assert (await desk.view(view)).answered == 2
    assert [row[:3] for row in (await desk.result(view))[1:3]] == [["1", "100", "3.0"], ["2", "100", "6.0"]]
    assert await desk.lines(view.id) == [("charge", -2 * PRICE)]


async def test_rows_without_an_answer_come_back_at_the_price_of_the_preset(desk: TableDesk) -> None:
    anna = await desk.counter.customer(1_000)
    draft = await sends(desk, "threefold", anna, "Metres", "1", "3e38", "2")  # of which three times is no number
    view = await desk.order(draft, total=3 * PRICE)
    await desk.worker().run_waiting()
    assert (await desk.view(view)).failed == 1
    assert await desk.lines(view.id) == [("charge", -3 * PRICE), ("charge_return", PRICE)]


async def test_one_that_an_admin_prices_anew_or_takes_off(desk: TableDesk) -> None:
    anna = await desk.counter.customer(1_000)
    draft = await sends(desk, "threefold", anna, "Metres", "1")
    await desk.counter.change(Preset, Preset.slug == "threefold", price=300)
    with pytest.raises(PriceChanged):
        await desk.order(draft, total=PRICE)
    await desk.counter.change(Preset, Preset.slug == "threefold", enabled=False)
    with pytest.raises(ModelNotOnSale):
        await desk.order(draft, total=300)
    assert (await desk.counter.balance(anna), await desk.lines(draft.id)) == (1_000, [])


async def test_what_costs_nothing_takes_nothing_of_a_plan(desk: TableDesk) -> None:
    unit = AllowanceUnit.REQUESTS
    clock = desk.counter.clock
    await desk.counter.db.write(add_plan, "free", kopecks=None, allowances=[(unit, 9, ["product"])], created_at=clock())
    anna = await desk.counter.customer(0)
    free = await desk.order(await sends(desk, "for-nothing", anna, "Metres", "1", "2"), total=0)
    assert await desk.counter.db.read(used) == []
    paid = await sends(desk, "threefold", anna, "Metres", "1", "2", "3e38")
    offer = await desk.scorings.offer_of(paid)
    assert offer is not None
    total = (await PlanCover(desk.counter.db, clock).of(offer, anna)).price_of_rows(paid.good)
    assert (await desk.order(paid, total=total)).price == total == 0
    await desk.worker().run_waiting()
    assert [(await desk.view(each)).status for each in (free, paid)] == [ScoringStatus.SUCCEEDED] * 2
    assert await desk.counter.db.read(used) == [2]
