"""Workers that die, that are late, that are stopped; a database that goes away."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from db.base import AnyRow
from db.engine import Database
from db.tables.predictions import ErrorCode, Prediction, PredictionStatus
from services.errors import ShopError
from services.files.files import Files
from services.files.folder import FolderStore
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx_kind import ONNX
from services.inference.runtimes.registry import RuntimeKind, Runtimes
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest
from services.manifests.runtime import RuntimeSpec
from services.predictions import claims as queue
from services.predictions import run_files, worker
from services.predictions.outcomes import Claimed, RunOutcome
from services.predictions.settle import settle
from services.predictions.submit import Sold
from services.predictions.worker import LEASE, Worker
from tests.support.clock import FakeClock
from tests.support.counter import STORE, Counter, open_counter
from tests.support.waiting import until
from tests.unit.inference.models import NUMBER_X, NUMBER_Y

SUCCEEDED, FAILED = PredictionStatus.SUCCEEDED, PredictionStatus.FAILED
QUEUED, RUNNING = PredictionStatus.QUEUED, PredictionStatus.RUNNING
ANSWER = {"outputs": {"cultivar": {"value": "2"}}, "advice": None}


async def test_a_dead_workers_rows_go_back_after_its_lease(counter: Counter) -> None:
    sold = await counter.buy(await counter.customer())
    await _claim(counter, "dead")
    living = counter.worker()
    counter.clock.advance(seconds=LEASE.total_seconds() - 1)
    await living.run_waiting()
    assert (await _row(counter, sold)).leased_by == "dead"
    counter.clock.advance(seconds=2)
    assert await living.recover() == 1
    row = await _row(counter, sold)
    assert (row.status, row.attempts, row.leased_by) == (QUEUED, 1, None)
    counter.clock.advance(seconds=1)
    await living.run_waiting()
    row = await _row(counter, sold)
    assert (row.status, row.attempts) == (SUCCEEDED, 2)
    assert await counter.notifications(sold) == 1


async def test_rows_that_kill_their_workers_are_paid_back(counter: Counter) -> None:
    anna = await counter.customer(1000)
    sales = [await counter.buy(anna) for _ in range(2)]
    for attempt in range(1, 4):
        assert len(await _claim(counter, f"dead{attempt}")) == 2
        counter.clock.advance(minutes=1)
        await counter.worker().recover()
        counter.clock.advance(minutes=1)
    for sold in sales:
        view = await counter.view(sold)
        assert (view.status, view.error_code) == (FAILED, "RunLost")
        assert (await counter.kinds(sold.prediction_id), await counter.notifications(sold)) == (
            ["charge", "charge_refund"],
            1,
        )
    assert await counter.balance(anna) == 1000
    assert counter.settled


async def test_a_lost_lease_cannot_settle(counter: Counter) -> None:
    """The late one's result and its failure are both refused."""
    sales = [await counter.buy(await counter.customer()) for _ in range(2)]
    late = {claimed.id: claimed for claimed in await _claim(counter, "late")}
    counter.clock.advance(minutes=1)
    await counter.worker().recover()
    counter.clock.advance(minutes=1)
    await counter.worker().run_waiting()
    first, second = (late[sold.prediction_id] for sold in sales)
    outcomes = [
        RunOutcome(prediction=first, result=ANSWER),
        RunOutcome(prediction=second, error_code=ErrorCode.RUN_FAILED),
    ]
    assert await counter.db.write(settle, outcomes, "late", counter.clock()) == 0
    for sold in sales:
        view = await counter.view(sold)
        assert view.result is not None
        assert view.result["outputs"]["cultivar"]["value"] == "barolo"
        assert await counter.notifications(sold) == 1


async def test_an_earlier_claim_of_the_same_worker_cannot_settle(counter: Counter) -> None:
    sold = await counter.buy(await counter.customer())
    (early,) = await _claim(counter, "same")
    counter.clock.advance(minutes=1)
    await counter.worker().recover()
    counter.clock.advance(minutes=1)
    (present,) = await _claim(counter, "same")
    failure = RunOutcome(prediction=early, error_code=ErrorCode.RUN_TIMEOUT, again=True)
    assert await counter.db.write(settle, [failure], "same", counter.clock()) == 0
    assert (await _row(counter, sold)).status == RUNNING
    assert await counter.db.write(settle, [RunOutcome(prediction=present, result=ANSWER)], "same", counter.clock()) == 1
    assert (await counter.view(sold)).status is SUCCEEDED


async def test_the_lease_is_renewed_while_the_model_runs(counter: Counter) -> None:
    sold = await counter.buy(await counter.customer(), "endless", {"x": 1.0})
    async with _running(counter.worker(lease=timedelta(seconds=0.15))):
        before = await until(lambda: _leased_until(counter, sold))
        counter.clock.advance(hours=1)
        assert await until(lambda: _leased_until(counter, sold, after=before)) > counter.clock()
    assert (await _row(counter, sold)).attempts in {0, 1}


class SlowStore(FolderStore):
    """A bucket far away: it hands nothing out before the gate is open."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gate = asyncio.Event()

    async def get(self, key: str) -> bytes | None:
        await self.gate.wait()
        return await super().get(key)


async def test_the_lease_is_renewed_while_a_picture_is_fetched(
    sqlite_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    store = SlowStore(tmp_path)
    counter = replace(await open_counter(sqlite_database, clock, STORE), files=Files(sqlite_database, store, clock))
    async with counter.exits:
        anna = await counter.customer()
        file = await counter.files.put(anna, (STORE / "digit" / "example.png").read_bytes(), "image/png")
        sold = await counter.buy(anna, "digit", {"photo": {"file": file.hex}}, price=50)
        async with _running(counter.worker(lease=timedelta(seconds=0.15))):
            before = await until(lambda: _leased_until(counter, sold))
            clock.advance(hours=1)
            assert await until(lambda: _leased_until(counter, sold, after=before)) > clock()
            store.gate.set()
            await until(lambda: _is_final(counter, sold))
        assert (await counter.view(sold)).status is SUCCEEDED


async def test_a_worker_does_not_give_up_its_own_rows(counter: Counter) -> None:
    """It was only cut off, or late with the renewal: the run goes on."""
    sold = await counter.buy(await counter.customer(), "endless", {"x": 1.0})
    busy = counter.worker()
    async with _running(busy):
        await until(lambda: _leased_until(counter, sold))
        counter.clock.advance(hours=1)
        assert await busy.recover() == 0
        assert await _leased_until(counter, sold) == counter.clock() + LEASE


async def test_a_worker_that_is_stopped_gives_rows_back_unspent(counter: Counter) -> None:
    sales = [await counter.buy(await counter.customer(), "endless", {"x": 1.0}) for _ in range(3)]
    async with _running(counter.worker()):
        await until(lambda: _leased_until(counter, sales[0]))
    for sold in sales:
        row = await _row(counter, sold)
        assert (row.status, row.attempts, row.leased_by, row.leased_until) == (QUEUED, 0, None, None)
        assert row.available_at <= counter.clock()


class GatedSpec(RuntimeSpec):
    kind: Literal["gated"]


class GatedRuntime:
    """Rows above nought wait until the test opens the gate."""

    gate = threading.Event()

    def __init__(self, _manifest: Manifest, _folder: Path) -> None:
        """Nothing is read."""

    def load(self) -> None:
        """Nothing is held."""

    def warm_up(self, limit: Limit) -> None:
        """It is as quick the first time."""

    def run(self, rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        numbers = [float(str(row.values["x"])) for row in rows]
        if max(numbers) > 0:
            limit.begin(self.gate.set)
            self.gate.wait(60)
        return [Result(outputs={"y": number}, advice=None, images={}) for number in numbers]

    def close(self) -> None:
        """Nothing is held."""


GATED = RuntimeKind(name="gated", spec=GatedSpec, open=GatedRuntime, threads=2)


@pytest.fixture
async def gated(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Counter]:
    folder = tmp_path / "gated"
    folder.mkdir()
    head = 'slug = "gated"\nversion = "1"\ntitle = "gated"\nprice = "1.00"\n[runtime]\nkind = "gated"\ntimeout = 60\n'
    text = head + NUMBER_X.replace("label", "example = -1\nlabel") + NUMBER_Y
    (folder / "manifest.toml").write_text(text, "utf-8")
    GatedRuntime.gate.clear()
    counter = await open_counter(database, clock, tmp_path, Runtimes([ONNX, GATED]))
    async with counter.exits:
        yield counter
        GatedRuntime.gate.set()
        await counter.check()


async def test_a_slow_row_holds_up_nobody(gated: Counter) -> None:
    """While one row of the model hangs, others bought later are answered."""
    anna = await gated.customer()
    slow = await gated.buy(anna, "gated", {"x": 1.0})
    busy = gated.worker()
    async with _running(busy):
        await until(lambda: _leased_until(gated, slow))
        quick = await gated.buy(anna, "gated", {"x": -1.0})
        busy.wake("gated")
        await until(lambda: _is(gated, quick, SUCCEEDED))
        assert (await _row(gated, slow)).status == RUNNING
        GatedRuntime.gate.set()
        await until(lambda: _is(gated, slow, SUCCEEDED))


async def test_a_bug_with_one_model_does_not_stop_the_others(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await counter.customer()
    bad, good = await counter.buy(anna, "negative", {}), await counter.buy(anna)

    def broken(*_: object) -> object:
        raise RuntimeError("a bug")

    monkeypatch.setattr(run_files, "_file_ids", lambda names, inputs: broken() if inputs == {} else {})
    async with _running(counter.worker()):
        await until(lambda: _is(counter, good, SUCCEEDED))
    assert (await counter.view(bad)).status is QUEUED  # given back


@asynccontextmanager
async def _running(one: Worker) -> AsyncIterator[None]:
    """A worker for as long as the block lasts."""
    task = asyncio.get_running_loop().create_task(one.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def _claim(counter: Counter, name: str) -> list[Claimed]:
    """As a worker does that is never heard of again."""
    now = counter.clock()
    rows = await counter.db.write(
        queue.claim, model_slug="wine", limit=10, now=now, lease_until=now + worker.LEASE, worker=name
    )
    return [Claimed(**row._mapping) for row in rows]


async def _row(counter: Counter, sold: Sold) -> AnyRow:
    (row,) = await counter.rows(Prediction, Prediction.id == sold.prediction_id)
    return row


async def _is(counter: Counter, sold: Sold, status: PredictionStatus) -> bool:
    return bool((await _row(counter, sold)).status == status)


async def _is_final(counter: Counter, sold: Sold) -> bool:
    return (await counter.view(sold)).finished_at is not None


async def _leased_until(counter: Counter, sold: Sold, *, after: Any = None) -> Any:  # Any: a time or nothing
    row = await _row(counter, sold)
    return row.leased_until if row.status == RUNNING and (after is None or row.leased_until > after) else None
