"""Answers tables that were ordered. Any number of workers may do so at once; each has a few, of different customers,
whose rows take turns."""

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog

from db.engine import Database
from db.errors import DatabaseUnavailable
from services.clock import Clock
from services.files.files import Files
from services.inference.engine import Engine
from services.scoring import claims
from services.scoring.claims import ClaimedScoring
from services.scoring.context import ScoringContext
from services.scoring.runner import ScoringRunner
from services.scoring.waits import PATIENCE, Waits
from services.waiting import wait

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=30)  # renewed while it goes on
LOOK_SECONDS: Final = 1.0
AT_ONCE: Final = 4


class ScoringWorker:
    """`on_settled` is called when a message is ready to be sent, `on_away` with the slug of a model whose server gave
    no answer."""

    def __init__(
        self,
        db: Database,
        engine: Engine,
        clock: Clock,
        files: Files,
        *,
        on_settled: Callable[[], None],
        on_away: Callable[[str], None],
        lease: timedelta = LEASE,
    ) -> None:
        self.name = f"{socket.gethostname()[:32]}:{os.getpid()}:{uuid4().hex[:8]}"
        self._context = ScoringContext(
            db=db,
            engine=engine,
            files=files,
            clock=clock,
            worker=self.name,
            lease=lease,
            on_settled=on_settled,
            on_away=on_away,
            waits=Waits(),
        )
        self._held: set[UUID] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """A table was ordered."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; then what is held goes back to the queue."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_leases(), name="scoring-leases")
                while True:
                    self._wake.clear()
                    await self._look(tasks)
                    await wait(self._wake, LOOK_SECONDS)
        finally:
            await self._give_back()

    async def run_waiting(self) -> None:
        """Answer what waits now, until nothing is left."""
        while True:
            async with asyncio.TaskGroup() as tasks:
                if not await self._look(tasks):
                    return

    async def _look(self, tasks: asyncio.TaskGroup) -> int:
        """How many were taken up now."""
        count = 0
        try:
            while len(self._held) < AT_ONCE and (found := await self._claim()) is not None:
                claimed, early = found
                count += 1
                self._held.add(claimed.view.id)
                tasks.create_task(self._answer(claimed, early=early), name=f"scoring-{claimed.view.id}")
        except DatabaseUnavailable as error:
            log.warning("scoring_waits_for_database", error=str(error))
        return count

    async def _claim(self) -> tuple[ClaimedScoring, bool] | None:
        context = self._context
        if not await context.db.read(claims.any_open):
            return None
        now = context.clock()
        lease: dict[str, Any] = {"worker": self.name, "now": now, "lease_until": now + context.lease}  # Any: of three
        slugs = [slug for slug in context.engine.slugs if context.engine.serves(slug)]
        if (one := await context.db.write(claims.claim, slugs=slugs, held=self._held, **lease)) is not None:
            return one, False
        left = await context.db.write(claims.claim_abandoned, before=now - PATIENCE, **lease)
        return None if left is None else (left, True)

    async def _answer(self, claimed: ClaimedScoring, *, early: bool) -> None:
        try:
            await ScoringRunner(claimed, self._context).run(early=early)
        except Exception:  # its lease runs out
            log.exception("scoring_dropped", scoring_id=str(claimed.view.id))
        finally:
            self._held.discard(claimed.view.id)
            self._wake.set()

    async def _keep_leases(self) -> None:
        context = self._context
        while True:
            await asyncio.sleep(context.lease.total_seconds() / 3)
            if not self._held:
                continue
            try:
                until = context.clock() + context.lease
                await context.db.write(claims.renew, list(self._held), worker=self.name, lease_until=until)
            except DatabaseUnavailable as error:  # the next renewal may still be in time
                log.warning("lease_not_renewed", error=str(error))

    async def _give_back(self) -> None:
        """On the way out: another worker, or the next start, goes on at once."""
        try:
            await self._context.db.write(claims.give_back, worker=self.name, now=self._context.clock())
        except DatabaseUnavailable as error:  # their leases run out
            log.warning("claims_not_given_back", error=str(error))
