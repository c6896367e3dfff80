"""Runs what was sold: claims rows of one model, runs them, settles them. Any number of workers may do so at once."""

import asyncio
import os
import socket
from collections.abc import Callable, Collection, Set
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.predictions import ErrorCode
from services.clock import Clock
from services.files.files import Files
from services.inference.engine import Engine
from services.models.example_runs import ExampleRuns
from services.models.second_tries import SecondTries
from services.models.server_watch import ServerWatch
from services.predictions import claims as queue
from services.predictions.outcomes import Claimed, RunOutcome
from services.predictions.runner import PATIENCE, ModelRunner, WorkerContext
from services.predictions.settle import finish
from services.waiting import wait

log = structlog.get_logger()

LEASE = timedelta(seconds=15)  # renewed while the run goes on: a dead worker's rows are free after this
POLL_SECONDS = 1.0
ATTEMPTS = 3  # of a model that this worker does not have


class Worker:
    """`on_settled` is called when results are ready to be sent. `owners`: Telegram ids."""

    def __init__(
        self,
        db: Database,
        engine: Engine,
        clock: Clock,
        files: Files,
        on_settled: Callable[[], None],
        *,
        lease: timedelta = LEASE,
        owners: Collection[int] = (),
    ) -> None:
        self.name = f"{socket.gethostname()[:32]}:{os.getpid()}:{uuid4().hex[:8]}"
        self._db = db
        self._engine = engine
        self._clock = clock
        self._servers = ServerWatch(db, engine, clock, on_settled, owners=owners)
        self._second_tries = SecondTries(db, engine, clock, on_settled, owners=owners)
        self._example_runs = ExampleRuns(db, engine, clock)
        self._context = WorkerContext(
            db=db,
            engine=engine,
            files=files,
            clock=clock,
            worker=self.name,
            lease=lease,
            on_settled=on_settled,
            servers=self._servers,
            owners=owners,
        )
        self._runners: dict[str, ModelRunner] = {}  # of models that have something to run
        self._waiting: set[str] = set()
        self._wake = asyncio.Event()
        self.came_round: float | None = None  # loop time of the latest look at what waits

    def on_away(self, slug: str) -> None:
        """The server of this model gave no answer: look at it soon."""
        self._servers.suspect(slug)

    def wake(self, slug: str) -> None:
        """This model has rows to run."""
        if slug in self._runners:
            self._runners[slug].wake()
        else:
            self._waiting.add(slug)
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled; then what is held goes back to the queue."""
        loop = asyncio.get_running_loop()
        look_at = loop.time()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._servers.run(), name="servers")
                tasks.create_task(self._second_tries.run(), name="second-tries")
                tasks.create_task(self._example_runs.run(), name="example-runs")
                while True:
                    self.came_round = loop.time()
                    if loop.time() >= look_at:
                        await self._look()
                        look_at = loop.time() + POLL_SECONDS
                    self._open_runners(tasks)
                    self._wake.clear()
                    await wait(self._wake, look_at - loop.time())
        finally:
            await self._give_back()

    async def run_waiting(self) -> None:
        """Run what waits now, of all models, until nothing is left."""
        async with asyncio.TaskGroup() as tasks:
            await self.recover()
            self._open_runners(tasks)

    async def recover(self) -> int:
        """Rows of workers that died: run again, or paid back when their attempts are used up. Rows that no model of the
        shop will ever take: paid back. Returns how many."""
        now = self._clock()
        count = 0
        if await self._db.read(queue.any_overdue, now):
            running = {claim for runner in self._runners.values() for claim in runner.holds}
            count = await self._db.write(self._recover, now, running)
        waiting = await self._db.read(queue.waiting_models, now)
        if not all(self._engine.serves(slug) for slug in waiting):
            count += await self._db.write(_refund_abandoned, now)
        self._waiting |= {slug for slug in waiting if self._engine.serves(slug)}
        if count:
            self._context.on_settled()
        return count

    async def _look(self) -> None:
        try:
            await self.recover()
        except DatabaseUnavailable as error:
            log.warning("worker_waits_for_database", error=str(error))

    def _open_runners(self, tasks: asyncio.TaskGroup) -> None:
        waiting, self._waiting = self._waiting, set()
        for slug in waiting:
            if slug in self._runners:
                self._runners[slug].wake()
            elif self._engine.serves(slug):
                runner = self._runners[slug] = ModelRunner(slug, self._context)
                tasks.create_task(self._keep_runner(slug, runner), name=f"runner-{slug}")

    async def _keep_runner(self, slug: str, runner: ModelRunner) -> None:
        try:
            await runner.run()
        except Exception:  # a bug with one model must not stop the others; its rows come back when their lease ends
            log.exception("lane_crashed", model=slug)
        finally:
            del self._runners[slug]

    async def _give_back(self) -> None:
        """On the way out: another worker, or the next start, runs them at once."""
        try:
            await self._db.write(queue.give_back, worker=self.name)
        except DatabaseUnavailable as error:  # their lease runs out
            log.warning("claims_not_given_back", error=str(error))

    def _recover(self, session: Session, now: datetime, running: Set[tuple[UUID, int]]) -> int:
        """What this very worker still runs is its own: it was only cut off from the database for a while."""
        rows = queue.overdue(session, now)
        lost = [self._lost(row._mapping) for row in rows if (row.id, row.attempts) not in running]
        if mine := [row.id for row in rows if (row.id, row.attempts) in running]:
            queue.renew(session, mine, worker=self.name, lease_until=now + self._context.lease)
        finish(session, lost, now)
        if lost:
            log.warning("recovered_predictions", count=len(lost))
        return len(lost)

    def _lost(self, row: RowMapping) -> RunOutcome:
        manifest = self._engine.manifest(row["model_slug"])
        again = row["attempts"] < (manifest.runtime.attempts if manifest else ATTEMPTS)
        claimed = Claimed(**row, inputs={})
        return RunOutcome(prediction=claimed, error_code=ErrorCode.RUN_LOST, error="the worker died", again=again)


def _refund_abandoned(session: Session, now: datetime) -> int:
    rows = queue.abandoned(session, now - PATIENCE)
    claims = [Claimed(**row._mapping, inputs={}) for row in rows]
    code = ErrorCode.MODEL_UNAVAILABLE
    gone = [
        RunOutcome(prediction=claim, error_code=code, error="the model has left the shop, or its server is away")
        for claim in claims
    ]
    return finish(session, gone, now)
