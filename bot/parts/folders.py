"""The folders of models, as this process reads them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from bot.parts.core import Core
from db.errors import DatabaseUnavailable
from services.coordination.base import Topic
from services.inference.engine import Engine
from services.models.folders import FolderProblem
from services.waiting import wait

log = structlog.get_logger()
LOOK_SECONDS: Final = 2.0


class ModelFolders:
    """`engine`: what loads them; None where nothing does."""

    def __init__(self, core: Core, engine: Engine | None) -> None:
        self._core = core
        self._models = core.services.models
        self._engine = engine
        core.coordination.hear(Topic.MODELS, self._hear)
        self._published = asyncio.Event()
        core.coordination.hear(Topic.UPLOADS, lambda _: self._published.set())

    async def recall(self) -> bool:
        """Whether what an earlier start has found can be sold before the models are loaded."""
        return self._engine is not None and bool(await self._models.recall())

    async def read(self) -> None:
        """Only who loads the models knows which can be served, and tells the owners of the others."""
        if self._engine is None:
            _tell(await self._models.sync_new())
            return
        await self._tell_all(await self._models.sync(self._engine))

    def _hear(self, teller: str) -> None:
        if teller != self._core.name:
            self._core.supervisor.spawn(self._read_again(self._models.read_again), name="models")

    async def watch_uploads(self) -> None:
        """Until cancelled: put on sale here what was published anywhere, by a command too."""
        if gone := await self._core.services.upload_shelf.tidy():
            log.info("uploads_tidied", folders=gone)
        while True:
            await wait(self._published, LOOK_SECONDS)
            self._published.clear()
            try:
                await self._look_at_uploads()
            except DatabaseUnavailable as error:
                log.warning("uploads_not_read", error=str(error))

    async def _look_at_uploads(self) -> None:
        again = self._models.is_to_be_read_again()
        if again and self._engine is not None:
            await self._tell_all(await self._models.sync_uploads(self._engine))
        elif again or await self._models.has_other_uploads():
            await self._read_again(self._models.read_uploads)

    async def _read_again(self, read: Callable[[Engine | None], Awaitable[list[FolderProblem]]]) -> None:
        problems = await read(self._engine)
        if self._engine is None:
            _tell(problems)
        else:
            await self._tell_all(problems)

    async def _tell_all(self, problems: list[FolderProblem]) -> None:
        _tell(problems)
        await self._models.tell_owners(self._core.settings.owner_ids, problems)


def _tell(problems: list[FolderProblem]) -> None:
    for problem in problems:
        log.error("model_not_served", model=problem.slug, problem=problem.text)
