"""The last step of a table in a worker: its file is written, and it ends."""

from uuid import UUID

import structlog

from db.tables.predictions import ErrorCode
from services.errors import one_line
from services.files.files import StoredFile
from services.files.store import StoreAway
from services.scoring import claims
from services.scoring.context import ATTEMPTS, ScoringContext
from services.scoring.queries import ScoringView
from services.scoring.settle import settle
from services.values.errors import NotATable
from services.values.sheets import CSV, XLSX
from services.waiting import patiently

log = structlog.get_logger()


async def finish(view: ScoringView, attempts: int, context: ScoringContext) -> None:
    """With a result where anything was answered. A file that cannot be written is tried a few times. Raises
    StoreAway."""
    result, problem = await _result_or_problem(view, attempts, context) if view.answered else (None, None)
    code = ErrorCode.UNEXPECTED if problem else None
    ended = await patiently(
        lambda: context.db.write(
            settle, view.id, result, worker=context.worker, now=context.clock(), error_code=code, error=problem
        )
    )
    if ended:
        context.on_settled()


async def _result_or_problem(
    view: ScoringView, attempts: int, context: ScoringContext
) -> tuple[StoredFile | None, str | None]:
    if attempts > ATTEMPTS:
        return None, "workers die of its result"
    try:
        return await _result(view, context), None
    except StoreAway:
        raise
    except Exception as error:
        if attempts < ATTEMPTS:
            raise
        log.exception("scoring_not_written", scoring_id=str(view.id))
        return None, one_line(error)


async def _result(view: ScoringView, context: ScoringContext) -> StoredFile:
    from services.scoring.result import make_result  # numpy, which a shop without tables does without

    files = context.files
    ids: list[UUID] = await patiently(lambda: context.db.read(claims.parts_of, view.id))
    found = await files.contents((each, view.user_id) for each in ids)
    if len(found) < len(ids):
        raise NotATable(problem="answers of a table are gone")
    content = await make_result(view, [found[each] for each in ids], files)
    return await files.store(content, CSV if view.source.kind == "csv" else XLSX)
