"""A model that fails three times in a row is stopped, whoever runs it, where its example fails too or several customers
have failed with several inputs. A success between, or a customer's own mistake, does not bring it nearer to that."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from db.base import JsonObject
from db.tables.models import Model
from db.tables.outbox import OutboxKind, OutboxMessage
from db.tables.predictions import Prediction
from services.errors import ShopError
from services.inference.engine import Engine
from services.inference.errors import RunFailed
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.runtimes.registry import RuntimeKind, Runtimes
from services.inference.tensors import Result, Row
from services.manifests.runtime import OnnxSpec
from services.models.manage import ModelManagement
from services.models.offers import ModelNotOnSale, ModelStopped
from services.predictions.worker import Worker
from services.users.actor import Actor
from services.users.roles import Staff
from tests.support.counter import Counter

OWNER = 77
BROKEN: JsonObject = {"x": 1}  # what `endless` never comes to an end of
BROKEN_TOO: Sequence[JsonObject] = (BROKEN, {"x": 2}, {"x": 3})
FINE: JsonObject = {"x": -1}


class Wearing(OnnxRuntime):
    """Loads, and breaks when the file `broken` appears beside it: as a card does that loses its memory."""

    def run(self, rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        if (self._folder / "broken").exists():
            raise RunFailed(problem="the card is gone")
        return super().run(rows, limit)


def _worker(counter: Counter, engine: Engine | None = None) -> Worker:
    return Worker(counter.db, engine or counter.engine, counter.clock, counter.files, lambda: None, owners=[OWNER])


async def _runs(counter: Counter, user_id: int, *inputs: JsonObject, engine: Engine | None = None) -> None:
    for each in inputs:
        await counter.buy(user_id, "endless", each)
        await _worker(counter, engine).run_waiting()
        counter.clock.advance(seconds=60)
        await _worker(counter, engine).run_waiting()


async def _three_fail(counter: Counter) -> None:
    """Three customers, each with an input of their own."""
    for each in BROKEN_TOO:
        await _runs(counter, await counter.customer(), each)


async def _failures(counter: Counter) -> int:
    (row,) = await counter.rows(Model, Model.slug == "endless")
    return int(row.failures)


async def test_three_failures_in_a_row(counter: Counter) -> None:
    """The owners are told once, nobody can pay any more; after their tap it is sold, and stopped again if need be."""
    await counter.customer(0, telegram_id=OWNER)
    anna = await counter.customer()
    for each in BROKEN_TOO:
        assert (await counter.models.offer("endless")).price == 100
        await _runs(counter, await counter.customer(), each)
    with pytest.raises(ModelStopped):
        await counter.models.offer("endless")
    with pytest.raises(ModelStopped):  # confirmed on a screen that was open
        await counter.buy(anna, "endless", FINE)
    assert "endless" not in [offer.slug for offer in await counter.models.offers()]
    assert await counter.count(OutboxMessage, OutboxMessage.kind == OutboxKind.MODEL_STOPPED) == 1
    admin = ModelManagement(counter.db, counter.clock, Staff((OWNER,)))
    assert (await admin.get("endless")).stopped_for
    assert (await admin.try_again("endless", actor=Actor.system())).stopped_for is None
    await _runs(counter, anna, FINE)
    await _three_fail(counter)
    assert await counter.count(OutboxMessage, OutboxMessage.kind == OutboxKind.MODEL_STOPPED) == 2


@pytest.mark.parametrize("server", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
async def test_one_customer_takes_nothing_off(counter: Counter) -> None:
    """Whatever they send, and however often: they are paid back, and the example still answers."""
    await counter.customer(0, telegram_id=OWNER)
    eve = await counter.customer()
    await _runs(counter, eve, *BROKEN_TOO, BROKEN)
    assert (await counter.models.offer("endless")).price == 100
    assert await counter.balance(eve) == 1000
    await _runs(counter, await counter.customer(), BROKEN)  # nor do two
    assert (await counter.models.offer("endless")).price == 100
    assert await counter.count(OutboxMessage, OutboxMessage.kind == OutboxKind.MODEL_STOPPED) == 0
    await _runs(counter, await counter.customer(), {"x": 4})
    with pytest.raises(ModelStopped):
        await counter.models.offer("endless")


async def test_one_input_takes_nothing_off(sqlite_counter: Counter) -> None:
    """A link to it may go from hand to hand."""
    for _ in range(4):
        await _runs(sqlite_counter, await sqlite_counter.customer(), BROKEN)
    assert (await sqlite_counter.models.offer("endless")).price == 100


async def test_a_model_that_breaks(counter: Counter, models_folder: Path) -> None:
    """Its own example fails, too: three failures are enough, of one customer with one input."""
    await counter.customer(0, telegram_id=OWNER)
    engine = Engine(Runtimes([RuntimeKind(name="onnx", spec=OnnxSpec, open=Wearing)]), max_threads=2)
    counter.exits.push_async_callback(engine.close)
    await counter.models.sync(engine)
    anna = await counter.customer()
    await _runs(counter, anna, FINE, engine=engine)
    (models_folder / "endless" / "broken").touch()
    await _runs(counter, anna, FINE, FINE, engine=engine)
    assert (await counter.models.offer("endless")).price == 100
    await _runs(counter, anna, FINE, engine=engine)
    with pytest.raises(ModelStopped):
        await counter.models.offer("endless")
    assert await counter.balance(anna) == 900
    assert await counter.count(OutboxMessage, OutboxMessage.kind == OutboxKind.MODEL_STOPPED) == 1
    (model,) = await counter.rows(Model, Model.slug == "endless")
    assert "the card is gone" in model.stopped_for


async def test_a_success_between(sqlite_counter: Counter) -> None:
    anna = await sqlite_counter.customer()
    await _runs(sqlite_counter, anna, BROKEN, BROKEN, FINE, BROKEN, BROKEN)
    assert await _failures(sqlite_counter) == 2
    await sqlite_counter.models.offer("endless")


async def test_what_a_customer_got_wrong_does_not_count(sqlite_counter: Counter) -> None:
    anna = await sqlite_counter.customer()
    await _runs(sqlite_counter, anna, BROKEN, BROKEN, {"x": "one"}, {}, {"x": [1]})
    assert await _failures(sqlite_counter) == 2
    await sqlite_counter.models.offer("endless")


async def test_workers_count_together(counter: Counter) -> None:
    """Three rows at once by three workers: one notification, whoever was the last."""
    await counter.customer(0, telegram_id=OWNER)
    for each in BROKEN_TOO:
        await counter.buy(await counter.customer(), "endless", each)
    while await counter.count(Prediction, Prediction.finished_at.is_(None)):
        await asyncio.gather(*(_worker(counter).run_waiting() for _ in range(3)))
        counter.clock.advance(seconds=60)
    assert await _failures(counter) == 3
    assert await counter.count(OutboxMessage, OutboxMessage.kind == OutboxKind.MODEL_STOPPED) == 1


async def test_another_version_is_sold_again(sqlite_counter: Counter) -> None:
    """What is stopped stays so over a restart, until its folder has changed."""
    counter = sqlite_counter
    await _three_fail(counter)
    await counter.models.sync()
    with pytest.raises(ModelNotOnSale):
        await counter.models.offer("endless")
    # As a shop stored it that reads the same manifest otherwise, or did not keep what its author wrote.
    await counter.change(Model, Model.slug == "endless", manifest={"of": "an older shop"})
    await counter.models.sync()
    await counter.change(Model, Model.slug == "endless", written=None)
    await counter.models.sync()
    with pytest.raises(ModelNotOnSale):
        await counter.models.offer("endless")
    manifest = counter.models.folder("endless") / "manifest.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("timeout = 0.2", "timeout = 0.3"), "utf-8")
    await counter.models.sync()
    assert (await counter.models.offer("endless")).price == 100
    assert await _failures(counter) == 0
