"""What a table is measured against. Both use the runtime's own session as the shop does: one thread, no spinning, and
batches of the manifest's `max_batch`, which the shop may not exceed either.

`bare` is onnxruntime alone, its arrays ready in the graph's own types: it makes none of the columns of a file, reads no
answers and keeps none. `script` does with a table what the shop does, one thing after the other, for nobody but itself:
no order, no queue, no lease, nobody beside it."""

import os
import time
from pathlib import Path

import numpy as np

from benchmarks.table_shop import TableShop
from services.inference.column_files import pack_answers, unpack
from services.inference.columns import ColumnBatch
from services.inference.loaded import LoadedModel
from services.inference.runtimes.base import Limit
from services.inference.runtimes.column_feeds import ColumnFeeder
from services.inference.runtimes.tensor_runtime import TensorRuntime
from services.scoring.checking import ROWS
from services.scoring.queries import ScoringView


async def content_of(shop: TableShop, view: ScoringView) -> bytes:
    """The good rows."""
    assert view.checked_file_id is not None
    content = await shop.files.get(view.checked_file_id, user_id=view.user_id)
    assert content is not None
    return content


def bare(shop: TableShop, slug: str, content: bytes) -> float:
    """Rows a second."""
    runtime = _runtime(shop, slug)
    columns = _columns(content)
    feeds = runtime.column_feeder.feeds(columns)
    session, names, size = runtime._session, list(runtime.answer_tensors), runtime.most_rows  # type: ignore[attr-defined]
    started = time.perf_counter()
    for at in range(0, columns.rows, size):
        session.run(names, {name: array[at : at + size] for name, array in feeds.items()})
    return columns.rows / (time.perf_counter() - started)


def script(shop: TableShop, slug: str, source: Path) -> float:
    """Rows a second, from a file of columns to a file of answers that is on disk."""
    runtime, limit = _runtime(shop, slug), Limit(60)
    feeder: ColumnFeeder = runtime.column_feeder
    started = time.perf_counter()
    columns = _columns(source.read_bytes())
    feeds, size, found = feeder.feeds(columns), runtime.most_rows, []
    for at in range(0, columns.rows, size):
        part = feeder.part(feeds, at, min(at + size, columns.rows))
        found.append(runtime.compute(part, runtime.answer_tensors, limit))
    tensors = {name: np.concatenate([each[name] for each in found]) for name in runtime.answer_tensors}
    with source.with_suffix(".answers").open("wb") as file:
        file.write(pack_answers(runtime.column_reader.answers(tensors, columns.rows)))
        file.flush()
        os.fsync(file.fileno())
    return columns.rows / (time.perf_counter() - started)


def _runtime(shop: TableShop, slug: str) -> TensorRuntime:
    loaded = shop.engine._models[slug]
    assert isinstance(loaded, LoadedModel)
    assert isinstance(loaded.runtime, TensorRuntime)
    return loaded.runtime


def _columns(content: bytes) -> ColumnBatch:
    arrays = unpack(content)
    rows = len(arrays.pop(ROWS))
    return ColumnBatch(rows=rows, arrays=arrays)
