"""A table of 100,000 rows: rows a second from the order to the last answer kept, against onnxruntime's own batches
(`table_limits.py`); how long it takes from the order to the file; and what single predictions take meanwhile."""

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.batches import TREES, write_trees
from benchmarks.finding import Finding, ratio_finding
from benchmarks.table_limits import bare, content_of, script
from benchmarks.table_shop import TableShop, open_table_shop
from services.inference.tensors import Row
from services.models.offers import Offer
from services.scoring.queries import ScoringView
from services.scoring.submit import ScoringOrder
from services.values.samples import sample_value

COUNT: Final = 100_000
TIMES: Final = 5
LONE: Final = 200
MODELS: Final = Path(__file__).parents[1] / "models_store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`rows` a second up to the last that was kept, `whole`: seconds up to the file; `lone`: seconds of each call that
    was made until the last row was kept."""

    rows: float
    whole: float
    lone: list[float]


def measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        store.mkdir()
        (store / "wine").symlink_to(MODELS / "wine")
        write_trees(store / "trees")
        return [
            *uvloop.run(_measure(Path(folder), store, "wine", "wine")),
            *uvloop.run(_measure(Path(folder), store, "trees", f"{TREES} trees")),
        ]


async def _measure(folder: Path, store: Path, slug: str, name: str) -> list[Finding]:
    """Speed and lone calls by a table each, since the calls take their share of the processor."""
    ours, limit, by_script, whole = [], [], [], []
    alone, beside = list[float](), list[float]()
    async with AsyncExitStack() as exits:
        shop = await open_table_shop(folder / f"{slug}.db", store, exits)
        offer = await shop.models.offer(slug)
        row = Row(values={field.name: sample_value(field) for field in offer.manifest.inputs})
        for _ in range(TIMES):
            view = await shop.draft(offer, COUNT)
            content = await content_of(shop, view)
            (folder / "columns").write_bytes(content)
            limit.append(bare(shop, slug, content))
            by_script.append(script(shop, slug, folder / "columns"))
            answered = await _answer(shop, view, offer)
            ours.append(answered.rows)
            whole.append(answered.whole)
            view = await shop.draft(offer, COUNT)
            alone += await _calls(shop, slug, row, _times(LONE))
            beside += (await _answer(shop, view, offer, row)).lone
    slower = statistics.median(beside) / statistics.median(alone)
    title = f"Rows of a table of {COUNT:,}, answered and kept, against onnxruntime's own batches: {name}"
    return [
        ratio_finding(title, ours, limit, unit="rows/s", target=0.3),
        ratio_finding(
            f"The same against a script of one's own, from file to file: {name}",
            ours,
            by_script,
            unit="rows/s",
            target=0.3,
            counts=False,
        ),
        Finding(
            name=f"That table from the order to the file with answers: {name}",
            ours=f"{statistics.median(whole):.1f} s",
            limit="—",
            result="",
            target="—",
            met=None,
        ),
        Finding(
            name=f"A lone call while that table is answered, against a lone call: {name}",
            ours=f"{statistics.median(beside) * 1000:.2f} ms",
            limit=f"{statistics.median(alone) * 1000:.2f} ms",
            result=f"{slower:.2f}",
            target="≤ 2",
            met=slower <= 2,
        ),
    ]


async def _answer(shop: TableShop, view: ScoringView, offer: Offer, row: Row | None = None) -> Answered:
    """`row`: of the lone calls meanwhile."""
    order = ScoringOrder(scoring_id=view.id, user_id=shop.user_id, total=offer.price_of_rows(view.good))
    lone: list[float] = []
    shop.db.all_kept.clear()
    shop.ended.clear()
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(shop.worker.run())
        await asyncio.sleep(0.1)
        started = time.perf_counter()
        await shop.scorings.order(order)
        if row is not None:
            lone = await _calls(shop, view.model_slug, row, lambda: not shop.db.all_kept.is_set())
        await shop.db.all_kept.wait()
        kept = time.perf_counter() - started
        await shop.ended.wait()
        whole = time.perf_counter() - started
        working.cancel()
    return Answered(rows=COUNT / kept, whole=whole, lone=lone)


async def _calls(shop: TableShop, slug: str, row: Row, goes_on: Callable[[], bool]) -> list[float]:
    """Seconds of each, one every few milliseconds."""
    times: list[float] = []
    while goes_on():
        started = time.perf_counter()
        await shop.engine.predict(slug, row)
        times.append(time.perf_counter() - started)
        await asyncio.sleep(0.005)
    return times


def _times(count: int) -> Callable[[], bool]:
    left = itertools.count(-count)
    return lambda: next(left) < 0
