"""How a table is answered chunk by chunk: the next one while the last is being kept, and few rows at once where workers
died."""

import asyncio
import math
from collections.abc import Callable

import pytest

from bot.wiring.inference import RUNTIMES
from db.tables.scorings import ScoringPart, ScoringStatus
from services.files.files import Files
from services.files.folder import FolderStore
from services.files.store import StoreAway
from services.inference.columns import AnswerColumns, ColumnBatch
from services.inference.engine import Engine
from services.inference.errors import ModelUnavailable
from services.scoring import chunks
from services.scoring.runner import PAUSE
from services.scoring.worker import LEASE, ScoringWorker
from tests.support.tables import TableDesk
from tests.support.waiting import until

ROWS, CHUNK = 1_000, 300


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "MOST_ROWS", CHUNK)
    monkeypatch.setattr(chunks, "FEW_ROWS", CHUNK // 3)


class _Asked(Engine):
    """Notes the first number of each chunk and its rows; `meets` may do more about it."""

    def __init__(self, meets: Callable[[int], None] = lambda _: None) -> None:
        super().__init__(RUNTIMES, max_threads=1)
        self.asked: list[tuple[int, int]] = []
        self._meets = meets

    async def score(self, slug: str, columns: ColumnBatch, *, seconds: float = math.inf) -> AnswerColumns:
        first = int(columns.arrays["x"][0])
        self.asked.append((first, columns.rows))
        self._meets(first)
        return await super().score(slug, columns, seconds=seconds)


class _Slow(FolderStore):
    """Keeps nothing before it may."""

    def __init__(self, files: Files) -> None:
        super().__init__(files._store.root)  # type: ignore[attr-defined]  # of tests it is a folder
        self.may, self.away = asyncio.Event(), False

    async def put(self, key: str, content: bytes) -> None:
        await self.may.wait()
        if self.away:
            raise StoreAway(problem="full")
        await super().put(key, content)


async def _loaded(desk: TableDesk, engine: Engine) -> Engine:
    desk.counter.exits.push_async_callback(engine.close)
    await desk.counter.models.sync(engine)
    return engine


def _worker(desk: TableDesk, engine: Engine, store: FolderStore) -> ScoringWorker:
    db, clock = desk.counter.db, desk.counter.clock
    files = Files(db, store, clock)
    return ScoringWorker(db, engine, clock, files, on_settled=lambda: None, on_away=lambda _: None)


async def test_the_next_rows_are_answered_while_the_last_are_being_kept(desk: TableDesk) -> None:
    view = await desk.ordered(await desk.counter.customer(100_000), range(ROWS))
    engine, store = _Asked(), _Slow(desk.counter.files)
    await _loaded(desk, engine)

    async def are_two() -> bool:
        return len(engine.asked) == 2

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_worker(desk, engine, store).run_waiting())
        await until(are_two)
        assert (await desk.view(view)).done == 0, "what is not kept does not count"
        store.may.set()
    assert engine.asked == [(0, 300), (300, 300), (600, 300), (900, 100)]
    _, *rows = await desk.result(view)
    assert [float(y) for _, y in rows] == [2.0 * x for x in range(ROWS)]
    assert await desk.lines(view.id) == [("charge", -100_000)]


async def test_what_was_answered_ahead_is_nothing_where_the_rows_before_it_cannot_be_kept(desk: TableDesk) -> None:
    view = await desk.ordered(await desk.counter.customer(100_000), range(ROWS))
    engine, store = _Asked(), _Slow(desk.counter.files)
    await _loaded(desk, engine)
    store.away = True
    store.may.set()
    await _worker(desk, engine, store).run_waiting()
    row = await desk.row(view)
    assert (row.status, row.done_rows, row.attempts) == (ScoringStatus.QUEUED, 0, 0)
    assert await desk.counter.count(ScoringPart) == 0


async def test_what_was_kept_stays_where_the_rows_after_it_meet_no_model(desk: TableDesk) -> None:
    def leaves(first: int) -> None:
        if first == CHUNK:
            raise ModelUnavailable()

    view = await desk.ordered(await desk.counter.customer(100_000), range(ROWS))
    await desk.worker(await _loaded(desk, _Asked(leaves))).run_waiting()
    row = await desk.row(view)
    assert (row.status, row.done_rows, row.attempts) == (ScoringStatus.QUEUED, CHUNK, 0)
    desk.counter.clock.advance(seconds=PAUSE.total_seconds() + 1)
    await desk.worker().run_waiting()
    assert (await desk.view(view)).answered == ROWS


class _Deadly(Engine):
    """A process that dies of one row."""

    def __init__(self, row: int) -> None:
        super().__init__(RUNTIMES, max_threads=1)
        self._row, self.dead = row, asyncio.Event()

    async def score(self, slug: str, columns: ColumnBatch, *, seconds: float = math.inf) -> AnswerColumns:
        if self._row in columns.arrays["x"]:
            self.dead.set()
            await asyncio.Event().wait()
        return await super().score(slug, columns, seconds=seconds)


async def test_of_rows_of_which_workers_die_few_are_given_up_and_paid_back(desk: TableDesk) -> None:
    """Though they were answered ahead, none of those before them."""
    poison, died, counter = 777, 0, desk.counter
    view = await desk.ordered(await counter.customer(100_000), range(ROWS))
    while (await desk.view(view)).finished_at is None:
        engine = _Deadly(poison)
        await _loaded(desk, engine)
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(desk.worker(engine).run_waiting())
            dying = tasks.create_task(engine.dead.wait())
            await asyncio.wait([working, dying], return_when=asyncio.FIRST_COMPLETED)
            died += engine.dead.is_set()
            working.cancel()
            dying.cancel()
        counter.clock.advance(seconds=LEASE.total_seconds() + 1)
    _, *rows = await desk.result(view)
    lost = [at for at, (_, y, *_) in enumerate(rows) if not y]
    assert poison in lost
    assert len(lost) <= CHUNK // 3
    assert died <= 8
    assert await desk.lines(view.id) == [("charge", -100_000), ("charge_return", len(lost) * 100)]
