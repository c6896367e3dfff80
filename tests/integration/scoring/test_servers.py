"""Tables for a model at a server: answered, hung, turned away, half-way."""

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.wiring.inference import RUNTIMES
from db.engine import Database
from db.tables.scorings import ScoringStatus
from sandbox.client.inference import Inference
from services.inference.columns import AnswerColumns, ColumnBatch
from services.inference.engine import Engine
from services.scoring.runner import PAUSE
from services.scoring.waits import PATIENCE
from tests.integration import servers
from tests.integration.open_inference.manifests import manifest_text
from tests.support.clock import FakeClock
from tests.support.tables import TableDesk, open_desk

QUEUED, SUCCEEDED, FAILED = ScoringStatus.QUEUED, ScoringStatus.SUCCEEDED, ScoringStatus.FAILED
CHUNK = 256

inference = pytest.fixture(servers.inference)


@pytest.fixture
async def desk(database: Database, clock: FakeClock, inference: Inference, tmp_path: Path) -> AsyncIterator[TableDesk]:
    """Sells square roots; of what is negative the server has none."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "manifest.toml").write_text(manifest_text("root", inference.url, timeout=0.5))
    desk = await open_desk(database, clock, tmp_path)
    async with desk.counter.exits:
        yield desk
        await desk.counter.check()


async def test_rows_without_an_answer_fail_alone(desk: TableDesk) -> None:
    anna = await desk.counter.customer(1_000)
    view = await desk.ordered(anna, [4, -1, 9, 16, -4], "root")
    await desk.worker().run_waiting()
    header, *rows = await desk.result(view)
    assert header == ["X", "Y", "Note"]
    assert [row[1:] for row in rows] == [["2.0", ""], ["", "No answer."], ["3.0", ""], ["4.0", ""], ["", "No answer."]]
    assert await desk.lines(view.id) == [("charge", -500), ("charge_return", 200)]


async def test_a_server_that_is_short_of_memory_is_asked_once_more(desk: TableDesk, inference: Inference) -> None:
    view = await desk.ordered(await desk.counter.customer(1_000), [4, 9, 16], "root")
    await inference.fault("500", times=4)  # of all together, and of each
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.answered) == (SUCCEEDED, 3)
    assert await desk.lines(view.id) == [("charge", -300)]


async def test_what_the_server_cannot_do_comes_back(desk: TableDesk, inference: Inference) -> None:
    view = await desk.ordered(await desk.counter.customer(1_000), [4, 9, 16], "root")
    await inference.fault("413", times=0)
    await desk.worker().run_waiting()
    assert (await desk.view(view)).status is FAILED
    assert await desk.lines(view.id) == [("charge", -300), ("charge_refund", 300)]


class _FailsHalfWay(Engine):
    """From the second chunk on the server has this fault."""

    def __init__(self, inference: Inference, fault: str) -> None:
        super().__init__(RUNTIMES, max_threads=1)
        self._inference, self._fault, self._chunks = inference, fault, 0

    async def score(self, slug: str, columns: ColumnBatch, *, seconds: float = math.inf) -> AnswerColumns:
        self._chunks += 1
        if self._chunks == 2:
            await self._inference.fault(self._fault, times=0)
        return await super().score(slug, columns.part(0, CHUNK), seconds=seconds)


@pytest.mark.parametrize("fault", ["503", pytest.param("hang", marks=pytest.mark.slow)])
async def test_a_server_that_answers_checks_and_no_rows_is_given_up(
    desk: TableDesk, inference: Inference, fault: str
) -> None:
    """What was done before is delivered and paid for."""
    paid = ("charge", -(CHUNK + 12) * 100)
    view = await desk.ordered(await desk.counter.customer(100_000), range(CHUNK + 12), "root")
    engine = _FailsHalfWay(inference, fault)
    desk.counter.exits.push_async_callback(engine.close)
    await desk.counter.models.sync(engine)
    worker = desk.worker(engine)
    for seconds in (0, PAUSE.total_seconds() + 1, PATIENCE.total_seconds() - 60):
        desk.counter.clock.advance(seconds=seconds)
        await worker.run_waiting()
        begun = await desk.row(view)
        assert (begun.status, begun.done_rows, begun.attempts) == (QUEUED, CHUNK, 0)
        assert await desk.lines(view.id) == [paid]
    desk.counter.clock.advance(seconds=120)
    await worker.run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.answered) == (SUCCEEDED, CHUNK)
    assert await desk.lines(view.id) == [paid, ("charge_return", 1_200)]
    assert [row[1] != "" for row in (await desk.result(view))[1:]] == [True] * CHUNK + [False] * 12
