"""Runs what was sold: claims batches of one model, runs them, settles them. Any number of workers may do so at once."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session

from db import queue
from db.engine import Database
from db.errors import DatabaseUnavailable
from services import files
from services.clock import Clock
from services.errors import ShopError
from services.inference.engine import Engine
from services.inference.errors import InferenceError
from services.inference.manifest import ImageInput, Manifest
from services.inference.tensors import Row
from services.predictions.settle import Claimed, Outcome, settle

log = structlog.get_logger()

LEASE = timedelta(seconds=15)  # renewed while the run goes on: a dead worker's rows are free after this
POLL_SECONDS = 1.0
MAX_CLAIM = 256


class Worker:
    """`on_settled` is called when results are ready to be sent."""

    def __init__(self, db: Database, engine: Engine, clock: Clock, on_settled: Callable[[], None]) -> None:
        self._db = db
        self._engine = engine
        self._clock = clock
        self._on_settled = on_settled
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._wake = asyncio.Event()
        self._busy: set[str] = set()

    def wake(self) -> None:
        """There is something to run."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; then what is held goes back to the queue."""
        async with asyncio.TaskGroup() as lanes:
            while True:
                self._wake.clear()
                try:
                    await self._start_lanes(lanes)
                except DatabaseUnavailable as error:
                    log.warning("worker_waits_for_database", error=str(error))
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def _start_lanes(self, lanes: asyncio.TaskGroup) -> None:
        now = self._clock()
        await self.recover(now)
        for slug in await self._db.read(queue.waiting_models, now):
            if slug not in self._busy and self._engine.manifest(slug) is not None:
                self._busy.add(slug)
                lanes.create_task(self._lane(slug), name=f"lane-{slug}")

    async def _lane(self, slug: str) -> None:
        """One model's batches, one after another, until its queue is empty. Models do not wait for each other."""
        try:
            while await self.run_batch(slug):
                pass
        except DatabaseUnavailable as error:
            log.warning("worker_waits_for_database", error=str(error), model=slug)
        finally:
            self._busy.discard(slug)

    async def run_batch(self, slug: str) -> int:
        """Claim, run and settle one batch of a model; returns how many rows it held."""
        manifest = self._engine.manifest(slug)
        if manifest is None:
            return 0
        limit = min(MAX_CLAIM, manifest.runtime.max_batch * 4)
        batch = await self._db.write(_claim, slug, limit, self._clock(), self._name)
        if batch:
            await self._run_and_settle(manifest, batch)
        return len(batch)

    async def _run_and_settle(self, manifest: Manifest, batch: Sequence[Claimed]) -> None:
        tasks: dict[asyncio.Task[Outcome], UUID] = {}  # what is not settled yet
        try:
            pictures = await self._pictures(manifest, batch)
            async with asyncio.TaskGroup() as runs:
                for claimed in batch:
                    row = Row(values=claimed.inputs, files=pictures.get(claimed.id, {}))
                    tasks[runs.create_task(self._run_one(manifest, claimed, row))] = claimed.id
                await self._settle_as_they_end(tasks)
        except asyncio.CancelledError:
            await self._give_back(tasks.values() or [claimed.id for claimed in batch])
            raise

    async def _settle_as_they_end(self, tasks: "dict[asyncio.Task[Outcome], UUID]") -> None:
        """A slow row does not hold up the answers of its batch; the lease is renewed while it runs."""
        renew_every = LEASE.total_seconds() / 3
        while tasks:
            done, pending = await asyncio.wait(tasks, timeout=renew_every, return_when=asyncio.FIRST_COMPLETED)
            if done:
                await self._settle([task.result() for task in done])
                for task in done:
                    del tasks[task]
            if pending:
                await self._renew([tasks[task] for task in pending])

    async def _settle(self, outcomes: Sequence[Outcome]) -> None:
        """A result in hand is not dropped because the database is away for a moment."""
        while True:
            try:
                final = await self._db.write(settle, outcomes, self._name, self._clock())
                break
            except DatabaseUnavailable as error:
                log.warning("settlement_waits_for_database", error=str(error), predictions=len(outcomes))
                await asyncio.sleep(POLL_SECONDS)
        if final:
            self._on_settled()

    async def _renew(self, ids: Sequence[UUID]) -> None:
        try:
            await self._db.write(queue.renew, ids, worker=self._name, lease_until=self._clock() + LEASE)
        except DatabaseUnavailable as error:  # the next renewal may still be in time
            log.warning("lease_not_renewed", error=str(error))

    async def _run_one(self, manifest: Manifest, claimed: Claimed, row: Row) -> Outcome:
        try:
            result = await self._engine.predict(claimed.model_slug, row)
        except ShopError as error:
            retryable = isinstance(error, InferenceError) and error.retryable
            again = retryable and claimed.attempts < manifest.runtime.attempts
            log.warning("run_failed", prediction_id=str(claimed.id), model=manifest.slug, error=str(error), again=again)
            code = type(error).__name__
            return Outcome(prediction=claimed, error_code=code, error=str(error), again=again)
        answer = {"outputs": result.outputs, "advice": result.advice}
        return Outcome(prediction=claimed, result=answer, images=result.images)

    async def _pictures(self, manifest: Manifest, batch: Sequence[Claimed]) -> dict[UUID, dict[str, bytes]]:
        """The bytes behind the image inputs, by prediction and input name."""
        names = [field.name for field in manifest.inputs if isinstance(field, ImageInput)]
        if not names:
            return {}
        found: dict[UUID, dict[str, bytes]] = {}
        for claimed in batch:
            wanted = {name: UUID(claimed.inputs[name]["file"]) for name in names if name in claimed.inputs}
            content = await self._db.read(files.contents, wanted.values(), user_id=claimed.user_id)
            found[claimed.id] = {name: content[file_id] for name, file_id in wanted.items() if file_id in content}
        return found

    async def _give_back(self, ids: Iterable[UUID]) -> None:
        """On the way out: another worker, or the next start, runs them at once."""
        await self._db.write(_give_back, list(ids), self._name, self._clock())

    async def recover(self, now: datetime) -> int:
        """Rows of workers that died: run again, or paid back when their attempts are used up."""
        return await self._db.write(self._recover, now) if await self._db.read(queue.any_overdue, now) else 0

    def _recover(self, session: Session, now: datetime) -> int:
        rows = queue.overdue(session, now)
        for row in rows:
            manifest = self._engine.manifest(row.model_slug)
            attempts = manifest.runtime.attempts if manifest else 3
            queue.take_over(session, row.id, worker=self._name)
            claimed = Claimed(**row._mapping, inputs={})
            again = row.attempts < attempts
            lost = Outcome(prediction=claimed, error_code="RunLost", error="the worker died", again=again)
            settle(session, [lost], self._name, now)
        if rows:
            log.warning("recovered_predictions", count=len(rows))
        return len(rows)


def _claim(session: Session, slug: str, limit: int, now: datetime, worker: str) -> list[Claimed]:
    rows = queue.claim(session, model_slug=slug, limit=limit, now=now, lease_until=now + LEASE, worker=worker)
    return [Claimed(**row._mapping) for row in rows]


def _give_back(session: Session, ids: Sequence[UUID], worker: str, now: datetime) -> None:
    mine = queue.held(session, ids, worker)
    if mine:
        queue.requeue(session, list(mine), available_at=now, attempts_back=1)
