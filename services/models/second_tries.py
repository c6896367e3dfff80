"""Models at servers that rest for their failures are tried with their example, at growing pauses, until it is answered.
Customers are spared what a try shows; what it costs at the server, the operator pays, so tries become rare."""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

import structlog

from db.engine import Database
from db.errors import DatabaseUnavailable
from services.clock import Clock
from services.inference.engine import Engine
from services.inference.errors import ModelUnavailable
from services.models import rests
from services.models.rests import Failing

log = structlog.get_logger()

EVERY: Final = 2.0  # seconds between looks at what rests; another process may have made it rest


class SecondTries:
    """Of any number of processes one makes each try. `owners`: Telegram ids. `on_told` is called when a message is
    ready to be sent."""

    def __init__(
        self, db: Database, engine: Engine, clock: Clock, on_told: Callable[[], None], *, owners: Collection[int]
    ) -> None:
        self._db, self._engine, self._clock, self._on_told, self._owners = db, engine, clock, on_told, owners
        self._trying: set[str] = set()

    async def run(self) -> None:
        """Until cancelled. A try that takes long holds up no other model's."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for model in await self._due():
                    tasks.create_task(self._try(model), name=f"try-{model.slug}")
                await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Try those that are due."""
        await asyncio.gather(*map(self._try, await self._due()))

    async def _due(self) -> list[Failing]:
        try:
            failing = await self._db.read(rests.failing)
        except DatabaseUnavailable as error:
            log.warning("failing_models_not_read", error=str(error))
            return []
        self._engine.failing = {model.slug for model in failing}
        now, here = self._clock(), set(self._engine.remote) - self._trying
        due = [model for model in failing if model.slug in here and model.is_due(now)]
        self._trying.update(model.slug for model in due)
        return due

    async def _try(self, model: Failing) -> None:
        try:
            taken = await self._db.write(rests.take_try, model, self._clock())
            if taken is not None and not await self._fails(model.slug):
                await self._is_mended(taken)
        except DatabaseUnavailable as error:
            log.warning("second_try_not_written", model=model.slug, error=str(error))
        finally:
            self._trying.discard(model.slug)

    async def _is_mended(self, taken: Failing) -> None:
        if await self._db.write(rests.mended, taken, owners=self._owners, now=self._clock()):
            self._engine.failing.discard(taken.slug)
            self._on_told()

    async def _fails(self, slug: str) -> bool:
        try:
            return await self._engine.example_problem(slug) is not None
        except ModelUnavailable:
            return True
