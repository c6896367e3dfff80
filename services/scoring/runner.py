"""One table in one worker: its rows are answered chunk by chunk, each kept before it counts, up to the result."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog

from db.engine import Database
from db.tables.predictions import ErrorCode
from services.clock import Clock
from services.errors import one_line
from services.files.files import Files, StoredFile
from services.files.store import StoreAway
from services.inference.engine import Engine
from services.inference.errors import ModelUnavailable, ServerAway
from services.scoring import claims
from services.scoring.claims import ClaimedScoring
from services.scoring.queries import ScoringView
from services.scoring.settle import settle
from services.scoring.waits import Waits
from services.values.errors import NotATable
from services.values.sheets import CSV, XLSX
from services.waiting import patiently

if TYPE_CHECKING:
    from services.inference.columns import ColumnBatch

log = structlog.get_logger()

CHUNK_SECONDS: Final = 2.0  # what a chunk is to take: so much is lost by a kill
FIRST_CHUNK: Final = 256
GROWTH: Final = 16  # from one chunk to the next, at most
MOST_ROWS: Final = 32_768  # of a chunk
ATTEMPTS: Final = 3  # at one place; workers that die of its rows cannot tell
HOPELESS: Final = 1000  # rows without one answer
PAUSE: Final = timedelta(seconds=10)  # where the model, or the store of files, is away


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringContext:
    """What all tables of a worker share."""

    db: Database
    engine: Engine
    files: Files
    clock: Clock
    worker: str
    lease: timedelta
    on_settled: Callable[[], None]
    on_away: Callable[[str], None]
    waits: Waits


class ScoringRunner:
    def __init__(self, claimed: ClaimedScoring, context: ScoringContext) -> None:
        self._view, self._attempts = claimed.view, claimed.attempts
        self._context = context
        self._size = FIRST_CHUNK

    async def run(self, *, early: bool = False) -> None:
        """Until it has ended, or somebody else has it. `early`: it ends with what it has."""
        log.info("scoring_runs", scoring_id=str(self._view.id), model=self._view.model_slug, done=self._view.done)
        try:
            if not early and not await self._answer_all():
                return
            await self._finish()
        except (ModelUnavailable, StoreAway) as error:
            log.warning("scoring_waits", scoring_id=str(self._view.id), error=one_line(error))
            if isinstance(error, ServerAway):
                self._context.on_away(self._view.model_slug)
            await self._release(tried=False)
        except Exception:
            log.exception("scoring_crashed", scoring_id=str(self._view.id))
            await self._release(tried=True)

    async def _answer_all(self) -> bool:
        """False where another turn, or another worker, goes on with it."""
        view = self._view
        if view.done >= view.good or view.canceling:
            return True
        columns = await self._columns()
        while not self._ended:
            if self._is_another_version:  # nothing may come between this and the engine
                return await self._version_has_gone()
            try:
                if not await self._chunk(columns):
                    return False
            except ModelUnavailable as error:
                if not self._context.waits.too_long(view := self._view, self._context.clock()):
                    raise
                log.warning("scoring_ends_early", scoring_id=str(view.id), model=view.model_slug, error=one_line(error))
                return True
        return True

    @property
    def _ended(self) -> bool:
        view = self._view
        hopeless = view.done >= HOPELESS and not view.answered
        return view.done >= view.good or view.canceling or hopeless

    @property
    def _is_another_version(self) -> bool:
        """Loaded than was ordered: its options and classes may stand at other places."""
        manifest = self._context.engine.manifest(self._view.model_slug)
        return manifest is not None and manifest.version != self._view.model_version

    async def _version_has_gone(self) -> bool:
        """False where this worker has only not read it yet."""
        view, db = self._view, self._context.db
        sold = await patiently(lambda: db.read(claims.version_on_sale, view.model_slug))
        if sold == view.model_version and self._attempts < ATTEMPTS:
            await self._release(tried=True)
            return False
        log.warning("scoring_version_gone", scoring_id=str(view.id), ordered=view.model_version, sold=sold)
        return True

    async def _columns(self) -> "ColumnBatch":
        """The good rows."""
        from services.inference.columns import ColumnBatch, unpack
        from services.scoring.checking import ROWS

        file_id = self._view.checked_file_id
        content = None if file_id is None else await self._context.files.get(file_id, user_id=self._view.user_id)
        arrays = {} if content is None else unpack(content)
        arrays.pop(ROWS, None)
        return ColumnBatch(rows=self._view.good, arrays=arrays)

    async def _chunk(self, columns: "ColumnBatch") -> bool:
        from services.inference.columns import none_answered, pack_answers

        context, view = self._context, self._view
        part = columns.part(view.done, view.done + self._size)
        began = asyncio.get_running_loop().time()
        if self._attempts > ATTEMPTS:
            log.error("scoring_rows_given_up", scoring_id=str(view.id), start=view.done, rows=part.rows)
            answers = none_answered(part.rows)
        else:
            answers = await context.engine.score(view.model_slug, part)
        took = asyncio.get_running_loop().time() - began
        stored = await context.files.store(pack_answers(answers), "application/octet-stream")
        failed = int(answers.failed.sum())
        moved = await patiently(lambda: self._advance(stored, part.rows, failed))
        if moved is None:
            log.warning("scoring_lost", scoring_id=str(view.id))
            return False
        self._view, self._attempts = moved, 0
        self._size = max(1, min(MOST_ROWS, int(part.rows * CHUNK_SECONDS / max(took, 0.001)), self._size * GROWTH))
        return True

    async def _advance(self, stored: StoredFile, rows: int, failed: int) -> ScoringView | None:
        context, now = self._context, self._context.clock()
        return await context.db.write(
            claims.advance,
            self._view,
            stored,
            rows=rows,
            failed=failed,
            worker=context.worker,
            now=now,
            lease_until=now + context.lease,
        )

    async def _finish(self) -> None:
        """With a result where anything was answered. A file that cannot be written is tried a few times."""
        context, view = self._context, self._view
        result, problem = None, None
        if view.answered and self._attempts > ATTEMPTS:
            problem = "workers die of its result"
        elif view.answered:
            try:
                result = await self._result(view)
            except StoreAway:
                raise
            except Exception as error:
                if self._attempts < ATTEMPTS:
                    raise
                log.exception("scoring_not_written", scoring_id=str(view.id))
                problem = one_line(error)
        code = ErrorCode.UNEXPECTED if problem else None
        ended = await patiently(
            lambda: context.db.write(
                settle,
                view.id,
                result,
                worker=context.worker,
                now=context.clock(),
                error_code=code,
                error=problem,
            )
        )
        if ended:
            context.on_settled()

    async def _result(self, view: ScoringView) -> StoredFile:
        from services.scoring.result import make_result

        files = self._context.files
        ids: list[UUID] = await patiently(lambda: self._context.db.read(claims.parts_of, view.id))
        found = await files.contents((each, view.user_id) for each in ids)
        if len(found) < len(ids):
            raise NotATable(problem="answers of a table are gone")
        content = await make_result(view, [found[each] for each in ids], files)
        return await files.store(content, CSV if view.source.kind == "csv" else XLSX)

    async def _release(self, *, tried: bool) -> None:
        context = self._context
        at = context.clock() + PAUSE
        worker, row = context.worker, self._view.id
        await patiently(lambda: context.db.write(claims.release, row, worker=worker, available_at=at, tried=tried))
