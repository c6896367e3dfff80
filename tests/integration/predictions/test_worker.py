"""Running what was sold, by the real engine with real models."""

import asyncio
import io
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image

from db.engine import Database
from db.tables.outbox import OutboxMessage
from db.tables.predictions import File, Prediction, PredictionStatus
from tests.support.clock import START, FakeClock
from tests.support.counter import BAROLO, Counter, open_counter
from tests.support.waiting import until
from tests.unit.inference.models import FLOAT, INT64, NUMBER_X, NUMBER_Y, STRING, graph, node, weight, write_model

SUCCEEDED, FAILED, QUEUED = PredictionStatus.SUCCEEDED, PredictionStatus.FAILED, PredictionStatus.QUEUED


async def test_everyone_in_a_batch_gets_an_answer(counter: Counter) -> None:
    people = [await counter.customer() for _ in range(7)]
    sales = [await counter.buy(user) for user in people for _ in range(3)]
    await counter.worker().run_waiting()
    for sold in sales:
        view = await counter.view(sold)
        assert view.status is SUCCEEDED
        assert view.result is not None
        assert view.result["outputs"]["cultivar"]["value"] == "barolo"
        assert view.finished_at == counter.clock()
        assert await counter.notifications(sold) == 1
        assert await counter.kinds(sold.prediction_id) == ["charge"]
    assert counter.settled  # the chat's edge was told
    row = (await counter.rows(Prediction))[0]
    assert (row.attempts, row.leased_by, row.leased_until) == (1, None, None)


async def test_a_prediction_remembers_the_version_that_answered(counter: Counter, models_folder: Path) -> None:
    sold = await counter.buy(await counter.customer())
    assert (await counter.view(sold)).model_version == "1"  # as the form had it
    manifest = models_folder / "wine" / "manifest.toml"
    manifest.write_text(manifest.read_text("utf-8").replace('"1.0.0"', '"9.9.9"', 1), "utf-8")
    await counter.models.sync(counter.engine)
    await counter.worker().run_waiting()
    view = await counter.view(sold)
    assert (view.status, view.model_version) == (SUCCEEDED, "9.9.9")


@pytest.mark.parametrize(
    "poison", [{}, BAROLO | {"hue": "crimson"}, BAROLO | {"hue": None}, BAROLO | {"hue": 1e308}, {"alcohol": [1]}]
)
async def test_a_poison_input_fails_alone(counter: Counter, poison: dict[str, object]) -> None:
    anna = await counter.customer(1000)
    good = [await counter.buy(anna) for _ in range(4)]
    bad = await counter.buy(anna, inputs=poison)
    good.append(await counter.buy(anna))
    await counter.worker().run_waiting()
    assert [(await counter.view(sold)).status for sold in good] == [SUCCEEDED] * 5
    view = await counter.view(bad)
    assert (view.status, view.result) == (FAILED, None)
    assert view.error_code in {"BadInput", "BadOutput"}
    assert await counter.kinds(bad.prediction_id) == ["charge", "charge_refund"]
    assert await counter.notifications(bad) == 1
    assert await counter.balance(anna) == 500


async def test_a_model_that_does_not_end_is_stopped_retried_and_paid_back(counter: Counter) -> None:
    """Back-off by the clock; its batch-mates are answered at once."""
    anna, worker = await counter.customer(1000), counter.worker()
    bad = await counter.buy(anna, "endless", {"x": 1.0})
    good = await counter.buy(anna, "endless", {"x": -1.0})
    await worker.run_waiting()
    assert (await counter.view(good)).status is SUCCEEDED
    assert (await counter.view(bad)).status is QUEUED
    (row,) = await counter.rows(Prediction, Prediction.id == bad.prediction_id)
    assert (row.attempts, row.available_at) == (1, START + timedelta(seconds=1))
    await worker.run_waiting()  # not yet
    assert (await counter.rows(Prediction, Prediction.id == bad.prediction_id))[0].attempts == 1
    counter.clock.advance(seconds=1)
    await worker.run_waiting()
    view = await counter.view(bad)
    assert (view.status, view.error_code) == (FAILED, "RunTimeout")
    assert await counter.kinds(bad.prediction_id) == ["charge", "charge_refund"]
    assert await counter.balance(anna) == 900


async def test_rows_behind_poison_are_tried_later_at_no_cost(counter: Counter) -> None:
    """A model that hangs for two rows is not asked about the rest of the batch in vain."""
    anna, worker = await counter.customer(1000), counter.worker()
    bad = [await counter.buy(anna, "endless", {"x": 1.0}) for _ in range(2)]
    good = [await counter.buy(anna, "endless", {"x": -1.0}) for _ in range(3)]
    await worker.run_waiting()
    rows = {row.id: (row.status, row.attempts) for row in await counter.rows(Prediction)}
    assert [rows[sold.prediction_id] for sold in bad] == [(QUEUED, 1)] * 2
    assert {rows[sold.prediction_id] for sold in good} <= {(QUEUED, 0), (SUCCEEDED, 1)}  # behind the two, or before
    for _ in range(3):
        counter.clock.advance(seconds=5)
        await worker.run_waiting()
    assert [(await counter.view(sold)).status for sold in (*bad, *good)] == [FAILED] * 2 + [SUCCEEDED] * 3


async def test_pictures_go_in_and_come_out(counter: Counter) -> None:
    anna = await counter.customer(1000)
    photo = await counter.files.put(anna, _picture("white"), "image/png")
    sold = await counter.buy(anna, "negative", {"photo": {"file": photo.hex}, "room_type": "kitchen"})
    await counter.worker().run_waiting()
    images = await counter.history.images(await counter.view(sold))
    assert Image.open(io.BytesIO(images["negative"])).getpixel((4, 4)) == (0, 0, 0)
    (made,) = await counter.rows(File, File.prediction_id == sold.prediction_id)
    assert (made.user_id, made.media_type, made.size) == (anna, "image/png", len(images["negative"]))
    assert (made.kind, made.room_type) == ("result", "kitchen")
    assert made.facts == {"model": "negative", "output": "negative"}


async def test_bad_pictures_fail_alone(counter: Counter) -> None:
    """Not a picture, no such file, somebody else's file, and what is no reference at all."""
    anna, boris = await counter.customer(1000), await counter.customer()
    photo = await counter.files.put(anna, _picture("black"), "image/png")
    strange = await counter.files.put(boris, _picture("red"), "image/png")
    junk = await counter.files.put(anna, b"junk", "image/png")
    good = await counter.buy(anna, "negative", {"photo": {"file": photo.hex}})
    references = [{"file": junk.hex}, {"file": uuid4().hex}, {"file": strange.hex}, {"file": "photo.png"}, 5, None]
    bad = [await counter.buy(anna, "negative", {"photo": reference}) for reference in references]
    await counter.worker().run_waiting()
    assert (await counter.view(good)).status is SUCCEEDED
    assert [(await counter.view(sold)).status for sold in bad] == [FAILED] * len(bad)
    assert await counter.balance(anna) == 900


async def test_what_no_database_keeps_is_left_out_of_an_answer(
    postgres_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """PostgreSQL takes no zero characters, a model may well make one: nobody's answer fails for it."""
    words = [weight("bad", ["zero \0"], object), weight("good", ["fine"], object), weight("nothing", 0.0)]
    nodes = [
        node("Greater", ["X", "nothing"], ["positive"]),
        node("Cast", ["positive"], ["index"], to=INT64),
        node("Concat", ["bad", "good"], ["words"], axis=0),
        node("Gather", ["words", "index"], ["Y"]),
    ]
    graph_ = graph(nodes, [("X", FLOAT, ["N", 1])], [("Y", STRING, ["N", 1])], words)
    tables = NUMBER_X + NUMBER_Y.replace('"number"', '"text"')
    write_model(tmp_path, graph_, tables, slug="words")
    counter = await open_counter(postgres_database, clock, tmp_path)
    async with counter.exits:
        anna = await counter.customer(1000)
        good, odd = await counter.buy(anna, "words", {"x": 1.0}), await counter.buy(anna, "words", {"x": -1.0})
        await counter.worker().run_waiting()
        answers = [await counter.view(sold) for sold in (good, odd)]
        assert [answer.status for answer in answers] == [SUCCEEDED, SUCCEEDED]
        assert [(answer.result or {})["outputs"]["y"] for answer in answers] == ["fine", "zero "]
        assert await counter.balance(anna) == 800
        await counter.check()


async def test_a_model_that_is_unloaded_gets_its_rows_later(counter: Counter) -> None:
    sold = await counter.buy(await counter.customer())
    counter.engine.unload("wine")
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is QUEUED
    await counter.models.sync(counter.engine)
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is SUCCEEDED


async def test_a_model_that_left_the_shop_is_paid_back(counter: Counter) -> None:
    anna = await counter.customer(1000)
    sold = await counter.buy(anna)
    counter.engine.unload("wine")
    folder = counter.models.folder("wine")
    folder.rename(folder.with_name(".wine"))
    await counter.models.sync()
    worker = counter.worker()
    counter.clock.advance(minutes=9)  # perhaps a machine that has it is on its way
    await worker.run_waiting()
    assert (await counter.view(sold)).status is QUEUED
    counter.clock.advance(minutes=2)
    await worker.run_waiting()
    view = await counter.view(sold)
    assert (view.status, view.error_code) == (FAILED, "ModelUnavailable")
    assert (await counter.balance(anna), await counter.notifications(sold)) == (1000, 1)


async def test_two_workers_settle_everything_once(counter: Counter) -> None:
    people = [await counter.customer(2000) for _ in range(10)]
    workers = [counter.worker(), counter.worker(await counter.another_engine())]

    async def shop(user: int) -> list[UUID]:
        return [(await counter.buy(user)).prediction_id for _ in range(20)]

    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(worker.run()) for worker in workers]
        bought = await asyncio.gather(*(shop(user) for user in people))
        while await counter.count(Prediction, Prediction.status != SUCCEEDED):
            for worker in workers:
                worker.wake("wine")
            await asyncio.sleep(0.01)
        for task in running:
            task.cancel()
    assert len({prediction_id for some in bought for prediction_id in some}) == 200
    assert await counter.count(OutboxMessage) == 200
    assert await counter.count(Prediction, Prediction.attempts == 1) == 200


async def test_a_wake_finds_its_model(sqlite_counter: Counter) -> None:
    """Nobody waits for the next look at the queue."""
    worker = sqlite_counter.worker()
    anna = await sqlite_counter.customer(10_000)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(worker.run())
        await asyncio.sleep(0.05)  # its first look is over
        started = asyncio.get_running_loop().time()
        for number in range(1, 21):
            await sqlite_counter.buy(anna)
            worker.wake("wine")
            await until(partial(_all_done, sqlite_counter, number))
        assert asyncio.get_running_loop().time() - started < 10  # twenty looks would be twenty seconds
        running.cancel()


async def _all_done(counter: Counter, number: int) -> bool:
    return await counter.count(Prediction, Prediction.status == SUCCEEDED) == number


def _picture(colour: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (16, 16), colour).save(stream, "PNG")
    return stream.getvalue()
