"""A table of 100,000 rows: rows a second from the order to the last answer kept, against onnxruntime's own batches with
its arrays ready; how long it takes from file to file; and what single predictions take meanwhile."""

import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from benchmarks.batches import TREES, write_trees
from benchmarks.finding import Finding, ratio_finding
from bot.wiring.inference import RUNTIMES
from db.engine import Database
from db.migrate import upgrade
from db.tables.billing import TransactionKind
from services.billing import ledger
from services.clock import system_clock
from services.files.files import Files
from services.files.folder import FolderStore
from services.inference.columns import ColumnBatch, unpack
from services.inference.engine import Engine
from services.inference.loaded import LoadedModel
from services.inference.runtimes.onnx import open_session
from services.inference.runtimes.tensor_runtime import TensorRuntime
from services.inference.tensors import Row
from services.models.offers import Models, Offer
from services.scoring.checking import ROWS
from services.scoring.queries import ScoringView
from services.scoring.service import Scorings
from services.scoring.source import Wording
from services.scoring.submit import ScoringOrder
from services.scoring.worker import ScoringWorker
from services.users.accounts import Users, Visitor
from services.values.intake import Intake
from services.values.samples import sample_value

COUNT: Final = 100_000
TIMES: Final = 5
LONE: Final = 200
MODELS: Final = Path(__file__).parents[1] / "models_store"
WORDING: Final = Wording(language="en", note="Note", not_answered="No answer", share="probability")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    db: Database
    engine: Engine
    files: Files
    scorings: Scorings
    worker: ScoringWorker
    user_id: int


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
    async with AsyncExitStack() as exits:
        models, desk = await _open(folder / f"{slug}.db", store, exits)
        offer = await models.offer(slug)
        row = Row(values={field.name: sample_value(field) for field in offer.manifest.inputs})
        ours, limit, whole, alone, beside = [], [], [], [], []
        for _ in range(TIMES):
            alone.append(await _lone(desk, slug, row))
            view = await _draft(desk, offer)
            limit.append(await _bare(desk, view, slug))
            rows, seconds, meanwhile = await _answer(desk, view, offer, row)
            ours.append(rows)
            whole.append(seconds)
            beside.append(meanwhile)
    took, slower = statistics.median(whole), statistics.median(b / a for a, b in zip(alone, beside, strict=True))
    title = f"Rows of a table of {COUNT:,}, answered and kept, against onnxruntime's own batches: {name}"
    return [
        ratio_finding(title, ours, limit, unit="rows/s", target=0.3),
        Finding(
            name=f"That table from the order to the file with answers: {name}",
            ours=f"{took:.1f} s",
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


async def _open(path: Path, store: Path, exits: AsyncExitStack) -> tuple[Models, Desk]:
    upgrade(f"sqlite:///{path}")
    db, engine = Database(f"sqlite+aiosqlite:///{path}"), Engine(RUNTIMES, max_threads=2)
    exits.push_async_callback(db.close)
    exits.push_async_callback(engine.close)
    models = Models(db, system_clock, store, RUNTIMES.specs)
    await models.sync(engine)
    files = Files(db, FolderStore(path.parent / "files"), system_clock)
    user = await Users(db, system_clock, welcome_credits=0).enter(
        Visitor(telegram_id=1000, username=None, first_name="Anna", language="en")
    )
    kind = TransactionKind.GRANT
    await db.write(ledger.grant, user_id=user.id, amount=10**12, kind=kind, key="grant", now=system_clock())
    worker = ScoringWorker(
        db,
        engine,
        system_clock,
        files,
        on_settled=lambda: None,
        on_away=lambda _: None,
    )
    scorings = Scorings(db, system_clock, files, Intake(), models, on_ordered=worker.wake, on_settled=lambda: None)
    return models, Desk(db=db, engine=engine, files=files, scorings=scorings, worker=worker, user_id=user.id)


async def _draft(desk: Desk, offer: Offer) -> ScoringView:
    """The same row again and again."""
    fields = offer.manifest.inputs
    line = ";".join(str(sample_value(field)) for field in fields)
    text = "\n".join([";".join(field.name for field in fields), *[line] * COUNT])
    async with Intake().upload(desk.user_id) as upload:
        upload.file.write(text.encode())
        return await desk.scorings.begin(
            offer, upload, name="t.csv", user_id=desk.user_id, wording=WORDING, say=lambda _, problem: str(problem)
        )


async def _answer(desk: Desk, view: ScoringView, offer: Offer, row: Row) -> tuple[float, float, float]:
    """Rows a second up to the last that is kept, seconds up to the result, and of a lone call meanwhile."""
    total = offer.price_of_rows(view.good)
    lone: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        working = tasks.create_task(desk.worker.run())
        await asyncio.sleep(0.1)
        started = time.perf_counter()
        await desk.scorings.order(ScoringOrder(scoring_id=view.id, user_id=desk.user_id, total=total))
        kept = None
        while (now := await desk.scorings.get(view.id, user_id=desk.user_id)).finished_at is None:
            if kept is None and now.done == now.good:
                kept = time.perf_counter() - started
            if kept is None:
                called = time.perf_counter()
                await desk.engine.predict(view.model_slug, row)
                lone.append(time.perf_counter() - called)
            await asyncio.sleep(0.005)
        whole = time.perf_counter() - started
        working.cancel()
    return COUNT / (kept or whole), whole, statistics.median(lone)


async def _lone(desk: Desk, slug: str, row: Row) -> float:
    times = []
    for _ in range(LONE):
        started = time.perf_counter()
        await desk.engine.predict(slug, row)
        times.append(time.perf_counter() - started)
        await asyncio.sleep(0.005)
    return statistics.median(times)


async def _bare(desk: Desk, view: ScoringView, slug: str) -> float:
    """Rows a second."""
    manifest, folder = desk.engine.manifest(slug), desk.engine.folder(slug)
    assert manifest is not None
    assert folder is not None
    assert view.checked_file_id is not None
    content = await desk.files.get(view.checked_file_id, user_id=desk.user_id)
    assert content is not None
    columns = unpack(content)
    del columns[ROWS]
    loaded = desk.engine._models[slug]
    assert isinstance(loaded, LoadedModel)
    assert isinstance(loaded.runtime, TensorRuntime)
    feeds = loaded.runtime.column_feeder.feeds(ColumnBatch(rows=COUNT, arrays=columns))
    session = open_session((folder / manifest.runtime.files["file"]).read_bytes())
    names, size = sorted({output.tensor for output in manifest.outputs}), manifest.runtime.max_batch
    started = time.perf_counter()
    for at in range(0, COUNT, size):
        session.run(names, {name: array[at : at + size] for name, array in feeds.items()})
    return COUNT / (time.perf_counter() - started)
