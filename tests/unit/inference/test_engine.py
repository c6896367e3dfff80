import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.wiring.inference import RUNTIMES
from services.inference import errors
from services.inference.engine import Engine
from services.inference.tensors import Row
from tests.unit.inference.models import NUMBER_Y, endless, graph, identity, make_model, node, weight

ROW = Row(values={"x": -2.0})


def adding(number: float) -> bytes:
    shape = ["N", 1]
    return graph([node("Add", ["X", "W"], ["Y"])], [("X", 1, shape)], [("Y", 1, shape)], [weight("W", [number])])


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    made = Engine(RUNTIMES, max_threads=2)
    yield made
    await made.close()


async def test_predict(engine: Engine, tmp_path: Path) -> None:
    manifest, folder = make_model(tmp_path, adding(10))
    await engine.load(manifest, folder)
    assert engine.manifest("tiny") is manifest
    assert engine.folder("tiny") == folder
    assert (await engine.predict("tiny", ROW)).outputs == {"y": 8.0}
    engine.unload("tiny")
    engine.unload("tiny")
    assert engine.manifest("tiny") is None
    with pytest.raises(errors.ModelUnavailable):
        await engine.predict("tiny", ROW)


async def test_a_model_is_swapped_under_load(engine: Engine, tmp_path: Path) -> None:
    await engine.load(*make_model(tmp_path, adding(10)))
    seen: list[object] = []
    warm, renewed = asyncio.Event(), asyncio.Event()

    async def customer() -> None:
        while not renewed.is_set():
            seen.append((await engine.predict("tiny", ROW)).outputs["y"])
            if len(seen) > 100:
                warm.set()
            if seen[-1] == 18.0:
                renewed.set()

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(customer())
        await warm.wait()
        await engine.load(*make_model(tmp_path, adding(20)))
        assert (await engine.predict("tiny", ROW)).outputs == {"y": 18.0}
    assert set(seen) == {8.0, 18.0}


async def test_a_broken_successor_leaves_the_model_in_place(engine: Engine, tmp_path: Path) -> None:
    await engine.load(*make_model(tmp_path, adding(10)))
    for data in (b"rubbish", identity(["N", 2])):
        with pytest.raises(errors.ModelBroken):
            await engine.load(*make_model(tmp_path, data))
    assert (await engine.predict("tiny", ROW)).outputs == {"y": 8.0}


async def test_a_hanging_model_is_refused_and_does_not_stop_others(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(errors.RunTimeout):
        await engine.load(*make_model(tmp_path, endless(), slug="loop", runtime="timeout = 0.1"))
    calm = "[[inputs]]\nname = 'x'\ntype = 'number'\nlabel = 'X'\nexample = -1\ntensor = { name = 'X' }\n" + NUMBER_Y
    await engine.load(*make_model(tmp_path, endless(), calm, slug="loop", runtime="timeout = 0.3"))
    await engine.load(*make_model(tmp_path, adding(10)))
    hanging = [engine.predict("loop", Row(values={"x": 1.0})) for _ in range(2)]
    await asyncio.sleep(0)
    hanging.append(engine.predict("loop", Row(values={"x": 1.0})))
    assert (await engine.predict("tiny", ROW)).outputs == {"y": 8.0}
    assert not any(future.done() for future in hanging)
    given = await asyncio.gather(*hanging, engine.predict("loop", ROW), return_exceptions=True)
    assert [type(answer).__name__ for answer in given] == ["RunTimeout"] * 3 + ["Result"]


async def test_a_poison_row_fails_alone(engine: Engine, tmp_path: Path) -> None:
    await engine.load(*make_model(tmp_path, adding(10)))
    rows = [Row(values={"x": value}) for value in (1.0, None, 3.0)]  # type: ignore[dict-item]  # the poison
    given = await asyncio.gather(*(engine.predict("tiny", row) for row in rows), return_exceptions=True)
    assert [type(answer).__name__ for answer in given] == ["Result", "BadInput", "Result"]


async def test_closing_answers_what_runs(tmp_path: Path) -> None:
    engine = Engine(RUNTIMES, max_threads=1)
    await engine.load(*make_model(tmp_path, adding(10)))
    answer = engine.predict("tiny", ROW)
    await asyncio.sleep(0)
    await engine.close()
    assert (await answer).outputs == {"y": 8.0}
    with pytest.raises(errors.ModelUnavailable):
        await engine.predict("tiny", ROW)


async def test_what_is_worth_another_try() -> None:
    assert errors.ModelUnavailable.retryable
    assert errors.RunTimeout.retryable
    assert not errors.BadInput.retryable
    assert not errors.BadOutput.retryable
    assert not errors.RunFailed(problem="p").retryable
