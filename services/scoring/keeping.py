"""Answers are kept as a file before they count."""

import asyncio

from services.inference.column_files import pack_answers
from services.scoring import claims
from services.scoring.chunks import AnsweredChunk
from services.scoring.context import ScoringContext
from services.scoring.queries import ScoringView
from services.waiting import patiently

_RAW = "application/octet-stream"


async def keep(chunk: AnsweredChunk, view: ScoringView, context: ScoringContext) -> ScoringView | None:
    """The table with these rows done; None where somebody else has it now. Raises StoreAway."""
    stored = await context.files.store(await asyncio.to_thread(pack_answers, chunk.answers), _RAW)
    failed = int(chunk.answers.failed.sum())

    async def advance() -> ScoringView | None:
        now = context.clock()
        return await context.db.write(
            claims.advance,
            view,
            stored,
            rows=chunk.answers.rows,
            failed=failed,
            worker=context.worker,
            now=now,
            lease_until=now + context.lease,
        )

    return await patiently(advance)
