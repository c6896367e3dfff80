"""Runs at a server, while they go on: how far they have come is written down, and who wants none of it any more is
heard."""

import asyncio
from collections.abc import Collection
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from db.engine import Database
from db.errors import DatabaseUnavailable
from services.inference.engine import Engine
from services.inference.errors import InferenceError
from services.inference.tensors import RunProgress
from services.predictions import claims

log = structlog.get_logger()

LOOK_SECONDS = 1.0
TELL_SECONDS = 2.0
CANCEL_SECONDS = 5.0  # for the server to take it


class RunsElsewhere:
    """Of one model in one worker."""

    def __init__(self, slug: str, *, db: Database, engine: Engine, worker: str) -> None:
        self._slug, self._db, self._engine, self._worker = slug, db, engine, worker
        self._news: dict[UUID, RunProgress] = {}
        self._canceling: set[UUID] = set()
        self._look_at = self._tell_at = 0.0

    def note(self, prediction_id: UUID, progress: RunProgress) -> None:
        self._news[prediction_id] = progress

    async def look(self, held: Collection[UUID]) -> list[UUID]:
        """Those that are wanted no more since the last look, at most once a second. A database that is away is asked
        again later."""
        now = asyncio.get_running_loop().time()
        if not held or now < self._look_at:
            return []
        self._look_at = now + LOOK_SECONDS
        news = {}
        if self._news and now >= self._tell_at:
            self._tell_at = now + TELL_SECONDS
            news, self._news = {row: come for row, come in self._news.items() if row in held}, {}
        try:
            if news:
                await self._db.write(self._tell, news)
            unwanted = await self._db.read(self._unwanted)
        except DatabaseUnavailable as error:
            log.warning("progress_not_written", model=self._slug, error=str(error))
            return []
        new = [row for row in unwanted if row in held and row not in self._canceling]
        self._canceling = {row for row in (*self._canceling, *new) if row in held}
        return new

    async def cancel(self, prediction_id: UUID) -> None:
        """At the server. That it cannot be told changes nothing for the customer."""
        try:
            async with asyncio.timeout(CANCEL_SECONDS):
                await self._engine.cancel(self._slug, prediction_id)
        except (InferenceError, TimeoutError) as error:
            log.warning("not_canceled_at_server", model=self._slug, prediction_id=str(prediction_id), error=repr(error))

    def _tell(self, session: Session, news: dict[UUID, RunProgress]) -> None:
        claims.note_progress(session, news, worker=self._worker)

    def _unwanted(self, session: Session) -> list[UUID]:
        return claims.canceled(session, worker=self._worker, model_slug=self._slug)
