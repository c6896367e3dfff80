"""Every table ends: no money is held for ever, and what is done comes."""

import math
from functools import partial

import pytest
from sqlalchemy import delete

from bot.wiring.inference import RUNTIMES
from db.base import table_of
from db.tables.models import Model
from db.tables.predictions import File, FileKind
from db.tables.scorings import ScoringPart, ScoringStatus
from services.files.files import add
from services.inference.columns import AnswerColumns, ColumnBatch
from services.inference.engine import Engine
from services.inference.errors import ModelUnavailable
from services.scoring.claims import claim
from services.scoring.queries import ScoringView
from services.scoring.runner import PAUSE
from services.scoring.waits import PATIENCE
from services.scoring.worker import LEASE
from tests.support.tables import TableDesk

QUEUED, SUCCEEDED = ScoringStatus.QUEUED, ScoringStatus.SUCCEEDED
FAILED, CANCELED = ScoringStatus.FAILED, ScoringStatus.CANCELED
DONE, ROWS = 256, 600
PAID_FOR_WHAT_IS_DONE = [("charge", -ROWS * 100), ("charge_return", (ROWS - DONE) * 100)]


class _Leaving(Engine):
    """Answers one chunk."""

    def __init__(self) -> None:
        super().__init__(RUNTIMES, max_threads=1)
        self.chunks = 0

    async def score(self, slug: str, columns: ColumnBatch, *, seconds: float = math.inf) -> AnswerColumns:
        self.chunks += 1
        if self.chunks > 1:
            raise ModelUnavailable()
        return await super().score(slug, columns.part(0, DONE), seconds=seconds)


@pytest.fixture
async def begun(desk: TableDesk) -> ScoringView:
    """In the queue, with its first chunk done."""
    view = await desk.ordered(await desk.counter.customer(ROWS * 100), range(ROWS))
    engine = _Leaving()
    desk.counter.exits.push_async_callback(engine.close)
    await desk.counter.models.sync(engine)
    await desk.worker(engine).run_waiting()
    row = await desk.row(view)
    assert (row.status, row.done_rows, row.attempts) == (QUEUED, DONE, 0)
    desk.counter.clock.advance(seconds=PAUSE.total_seconds() + 1)
    return view


async def test_answers_that_were_lost_are_paid_back(desk: TableDesk, begun: ScoringView) -> None:
    (part,) = await desk.counter.rows(ScoringPart)
    files = table_of(File)
    await desk.counter.db.write(
        lambda session: session.execute(delete(files).where(files.c.id == part.file_id)) and None
    )
    await _tries(desk, 4)
    assert (await desk.view(begun)).status is FAILED
    assert await desk.lines(begun.id) == [("charge", -60_000), ("charge_refund", 60_000)]


async def test_answers_that_cannot_be_read_are_paid_back(desk: TableDesk, begun: ScoringView) -> None:
    stored = await desk.counter.files.store(b"no answers", "application/octet-stream")
    await desk.counter.db.write(add, stored, user_id=begun.user_id, kind=FileKind.TABLE, now=desk.counter.clock())
    await desk.counter.change(ScoringPart, ScoringPart.start == 0, file_id=stored.id)
    await _tries(desk, 4)
    assert (await desk.view(begun)).status is FAILED
    assert await desk.lines(begun.id) == [("charge", -60_000), ("charge_refund", 60_000)]


async def test_a_result_that_kills_its_workers_is_paid_back(desk: TableDesk, begun: ScoringView) -> None:
    counter = desk.counter
    await desk.scorings.cancel(begun.id, user_id=begun.user_id)
    for number in range(3):
        now = counter.clock()
        taken = partial(claim, slugs=["double"], held=[], now=now, lease_until=now + LEASE)
        assert await counter.db.write(taken, worker=f"dead-{number}") is not None
        counter.clock.advance(seconds=LEASE.total_seconds() + 1)
    await desk.worker().run_waiting()
    assert (await desk.view(begun)).status is CANCELED
    assert await desk.lines(begun.id) == [("charge", -60_000), ("charge_refund", 60_000)]


async def test_a_model_that_a_restart_does_not_find_again(desk: TableDesk, begun: ScoringView) -> None:
    await desk.counter.change(Model, Model.slug == "double", present=False)
    worker = desk.worker(await _nothing_loaded(desk))
    desk.counter.clock.advance(seconds=PATIENCE.total_seconds())
    await worker.run_waiting()
    ended = await desk.view(begun)
    assert (ended.status, ended.answered) == (SUCCEEDED, DONE)
    assert len(await desk.result(begun)) == ROWS + 1
    assert await desk.lines(begun.id) == PAID_FOR_WHAT_IS_DONE


async def test_stopped_while_its_model_is_away(desk: TableDesk, begun: ScoringView) -> None:
    """What is done comes at once."""
    await desk.scorings.cancel(begun.id, user_id=begun.user_id)
    await desk.worker(await _nothing_loaded(desk)).run_waiting()
    ended = await desk.view(begun)
    assert (ended.status, ended.answered) == (SUCCEEDED, DONE)
    assert await desk.lines(begun.id) == PAID_FOR_WHAT_IS_DONE


async def test_patience_counts_from_the_order(desk: TableDesk) -> None:
    """The table was sent long before."""
    draft = await desk.draft(await desk.counter.customer(1_000), [1, 2])
    desk.counter.clock.advance(seconds=PATIENCE.total_seconds() * 2)
    view = await desk.order(draft)
    await desk.counter.change(Model, Model.slug == "double", present=False)
    worker = desk.worker(await _nothing_loaded(desk))
    await worker.run_waiting()
    assert (await desk.view(view)).status is QUEUED
    desk.counter.clock.advance(seconds=PATIENCE.total_seconds() + 1)
    await worker.run_waiting()
    assert (await desk.view(view)).status is FAILED


async def _tries(desk: TableDesk, count: int) -> None:
    for _ in range(count):
        await desk.worker().run_waiting()
        desk.counter.clock.advance(seconds=PAUSE.total_seconds() + 1)


async def _nothing_loaded(desk: TableDesk) -> Engine:
    engine = Engine(RUNTIMES, max_threads=1)
    desk.counter.exits.push_async_callback(engine.close)
    return engine
