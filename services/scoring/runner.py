"""One table in one worker: its rows are answered chunk by chunk, each kept before it counts, up to the result."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from services.errors import one_line
from services.files.store import StoreAway
from services.inference.errors import ModelUnavailable, ServerAway
from services.scoring import claims
from services.scoring.claims import ClaimedScoring
from services.scoring.context import ATTEMPTS, ScoringContext
from services.scoring.finishing import finish
from services.scoring.queries import ScoringView
from services.waiting import patiently

if TYPE_CHECKING:
    from services.scoring.chunks import AnsweredChunk, Chunks

log = structlog.get_logger()

HOPELESS: Final = 1000  # rows without one answer
PAUSE: Final = timedelta(seconds=10)  # where the model, or the store of files, is away


class ScoringRunner:
    def __init__(self, claimed: ClaimedScoring, context: ScoringContext) -> None:
        self._view, self._attempts = claimed.view, claimed.attempts
        self._careful = claimed.attempts > 1  # a worker has died here: it must become known of which rows
        self._context = context

    async def run(self, *, early: bool = False) -> None:
        """Until it has ended, or somebody else has it. `early`: it ends with what it has."""
        log.info("scoring_runs", scoring_id=str(self._view.id), model=self._view.model_slug, done=self._view.done)
        try:
            if not early and not await self._answer_patiently():
                return
            await finish(self._view, self._attempts, self._context)
        except (ModelUnavailable, StoreAway) as error:
            log.warning("scoring_waits", scoring_id=str(self._view.id), error=one_line(error))
            if isinstance(error, ServerAway):
                self._context.on_away(self._view.model_slug)
            await self._release(tried=False)
        except Exception:
            log.exception("scoring_crashed", scoring_id=str(self._view.id))
            await self._release(tried=True)

    async def _answer_patiently(self) -> bool:
        """As `_answer_all`; where a model has given no answer for too long, the table ends with what it has."""
        try:
            return await self._answer_all()
        except ModelUnavailable as error:
            view = self._view
            if not self._context.waits.too_long(view, self._context.clock()):
                raise
            log.warning("scoring_ends_early", scoring_id=str(view.id), model=view.model_slug, error=one_line(error))
            return True

    async def _answer_all(self) -> bool:
        """False where another turn, or another worker, goes on with it."""
        if self._has_ended():
            return True
        from services.scoring.chunks import Chunks  # numpy, which a shop without tables does without

        context, ahead = self._context, None
        chunks = await Chunks.of(self._view, context.engine, context.files, careful=self._careful)
        while not self._has_ended():
            chunk = ahead or await self._next(chunks)
            if chunk is None:
                return await self._version_has_gone()
            moved, ahead = await self._keep(chunk, chunks)
            if not moved:
                log.warning("scoring_lost", scoring_id=str(self._view.id))
                return False
        return True

    def _has_ended(self) -> bool:
        view = self._view
        hopeless = view.done >= HOPELESS and not view.answered
        return view.done >= view.good or view.canceling or hopeless

    async def _next(self, chunks: "Chunks") -> "AnsweredChunk | None":
        """None where the version that was ordered is not loaded."""
        start = self._view.done
        if self._attempts <= ATTEMPTS:
            return await chunks.answer(start)
        given_up = chunks.give_up(start)
        log.error("scoring_rows_given_up", scoring_id=str(self._view.id), start=start, rows=given_up.answers.rows)
        return given_up

    async def _keep(self, chunk: "AnsweredChunk", chunks: "Chunks") -> tuple[bool, "AnsweredChunk | None"]:
        """And answers the next one meanwhile."""
        from services.scoring.keeping import keep

        keeping = keep(chunk, self._view, self._context)
        if self._careful or chunk.stop >= self._view.good:
            return self._moved(await keeping), None
        kept, ahead = await asyncio.gather(keeping, chunks.answer(chunk.stop), return_exceptions=True)
        if isinstance(kept, BaseException):
            raise kept
        moved = self._moved(kept)
        if isinstance(ahead, BaseException):
            raise ahead
        return moved, ahead

    def _moved(self, view: ScoringView | None) -> bool:
        if view is None:
            return False
        self._view, self._attempts = view, 0
        return True

    async def _version_has_gone(self) -> bool:
        """False where this worker has only not read it yet."""
        view, db = self._view, self._context.db
        sold = await patiently(lambda: db.read(claims.version_on_sale, view.model_slug))
        if sold == view.model_version and self._attempts < ATTEMPTS:
            await self._release(tried=True)
            return False
        log.warning("scoring_version_gone", scoring_id=str(view.id), ordered=view.model_version, sold=sold)
        return True

    async def _release(self, *, tried: bool) -> None:
        context = self._context
        at = context.clock() + PAUSE
        worker, row = context.worker, self._view.id
        await patiently(lambda: context.db.write(claims.release, row, worker=worker, available_at=at, tried=tried))
