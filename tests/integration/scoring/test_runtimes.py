"""Tables for models in a process of their own, of texts, days and choices, or asked row by row."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from bot.wiring.inference import RUNTIMES
from services.inference.columns import Column, ColumnBatch
from services.inference.engine import Engine
from services.inference.row_scoring import score_by_rows
from services.inference.tensors import Row
from services.manifests.manifest import load_manifest
from tests.support.tables import doubling, fragile
from tests.unit.inference.models import FLOAT, INT64, NUMBER_X, NUMBER_Y, STRING, graph, node, write_model

X_Y = NUMBER_X.replace("label", "example = 1\nlabel") + NUMBER_Y


async def _engine(folder: Path) -> Engine:
    engine = Engine(RUNTIMES, max_threads=1)
    await engine.load(load_manifest(folder, RUNTIMES.specs), folder)
    return engine


def _numbers(*numbers: float) -> ColumnBatch:
    return ColumnBatch(rows=len(numbers), arrays={"x": np.array(numbers, np.float64)})


@pytest.mark.parametrize("runtime", ["", "isolated = true", "max_batch = 1"])
async def test_the_same_answers_wherever_it_runs(tmp_path: Path, runtime: str) -> None:
    engine = await _engine(write_model(tmp_path, fragile(), X_Y, runtime=runtime))
    answers = await engine.score("tiny", _numbers(1, 77, 3))
    assert answers.failed.tolist() == [False, True, False]
    assert [answers.columns["y"][at] for at in (0, 2)] == [1, 3]
    await engine.close()


async def test_what_takes_rows_gets_rows(tmp_path: Path) -> None:
    engine = await _engine(write_model(tmp_path, fragile(), X_Y))
    by_rows = await score_by_rows(engine._models["tiny"], _numbers(1, 77, 3))  # type: ignore[arg-type]
    assert by_rows.failed.tolist() == [False, True, False]
    assert by_rows.columns["y"].tolist() == [1, 0, 3]  # type: ignore[union-attr]
    await engine.close()


TABLES = """
[[inputs]]
name = "word"
type = "text"
label = "Word"
tensor = { name = "W" }
[[inputs]]
name = "kind"
type = "choice"
label = "Kind"
options = [{ value = "a", label = "A", number = 5 }, { value = "b", label = "B", number = 7 }]
tensor = { name = "K", encode = "number" }
[[inputs]]
name = "day"
type = "date"
label = "Day"
tensor = { name = "D", dtype = "int64" }
[[outputs]]
name = "word"
type = "text"
label = "Word"
tensor = "w"
[[outputs]]
name = "kind"
type = "number"
label = "Kind"
tensor = "k"
[[outputs]]
name = "day"
type = "number"
label = "Day"
tensor = "d"
"""


async def test_columns_become_what_rows_become(tmp_path: Path) -> None:
    """Texts, options and days, as a single prediction has them."""
    kinds = {"W": STRING, "K": FLOAT, "D": INT64}
    echo = graph(
        [node("Identity", [name], [name.lower()]) for name in kinds],
        [(name, kind, ["N", 1]) for name, kind in kinds.items()],
        [(name.lower(), kind, ["N", 1]) for name, kind in kinds.items()],
    )
    folder = write_model(tmp_path, echo, TABLES)
    engine, manifest = await _engine(folder), load_manifest(folder, RUNTIMES.specs)
    arrays: dict[str, Column] = {
        "word": ["да", "нет"],
        "kind": np.array([1, 0], np.int32),
        "day": np.array([20_000, -3], np.int32),
    }
    batch = ColumnBatch(rows=2, arrays=arrays)
    answers = await engine.score("tiny", batch)
    for at in range(2):
        alone = (await engine.predict("tiny", Row(values=batch.row(at, manifest.inputs)))).outputs
        assert {name: column[at] for name, column in answers.columns.items()} == alone
    await engine.close()


async def test_single_rows_go_first(tmp_path: Path) -> None:
    """A long table leaves a place for whoever asks one question."""
    engine = await _engine(write_model(tmp_path, doubling(), X_Y))
    long = engine.score("tiny", _numbers(*range(200_000)))
    async with asyncio.TaskGroup() as tasks:
        table = tasks.create_task(long)
        await asyncio.sleep(0)
        alone = await engine.predict("tiny", Row(values={"x": 4.0}))
        assert alone.outputs == {"y": 8.0}
        assert not table.done()
    assert table.result().rows == 200_000
    await engine.close()
