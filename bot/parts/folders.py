"""The folders of models, as this process reads them."""

import structlog

from bot.parts.core import Core
from services.coordination.base import Topic
from services.inference.engine import Engine
from services.models.folders import FolderProblem

log = structlog.get_logger()


class ModelFolders:
    """`engine`: what loads them; None where nothing does."""

    def __init__(self, core: Core, engine: Engine | None) -> None:
        self._core = core
        self._models = core.services.models
        self._engine = engine
        core.coordination.hear(Topic.MODELS, self._hear)

    async def recall(self) -> bool:
        """Whether what an earlier start has found can be sold before the models are loaded."""
        return self._engine is not None and bool(await self._models.recall())

    async def read(self) -> None:
        """Only who loads the models knows which can be served, and tells the owners of the others."""
        if self._engine is None:
            _tell(await self._models.sync_new())
            return
        problems = await self._models.sync(self._engine)
        _tell(problems)
        await self._models.tell_owners(self._core.settings.owner_ids, problems)

    def _hear(self, teller: str) -> None:
        if teller != self._core.name:
            self._core.supervisor.spawn(self._read_again(), name="models")

    async def _read_again(self) -> None:
        _tell(await self._models.read_again(self._engine))


def _tell(problems: list[FolderProblem]) -> None:
    for problem in problems:
        log.error("model_not_served", model=problem.slug, problem=problem.text)
