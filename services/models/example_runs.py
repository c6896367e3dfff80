"""An admin has a model answer the example of its manifest: asked for in a row, done by a process that runs it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.models import Model
from services.clock import Clock
from services.errors import one_line
from services.inference.engine import Engine
from services.inference.errors import ModelUnavailable

log = structlog.get_logger()

_models = table_of(Model)
EVERY: Final = 1.0  # seconds between looks
PROBLEM: Final = 255  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRun:
    """`ms`: how long it took; `problem`: None where the example was answered well."""

    at: datetime
    ms: int
    problem: str | None


class ExampleRuns:
    """Of any number of processes one makes each. Who dies meanwhile has told nothing; it is asked for again then."""

    def __init__(self, db: Database, engine: Engine, clock: Clock) -> None:
        self._db, self._engine, self._clock = db, engine, clock

    async def run(self) -> None:
        """Until cancelled. One that takes long holds up no other model's."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for slug in await self._asked():
                    tasks.create_task(self._answer(slug), name=f"example-{slug}")
                await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Make those that are asked for."""
        await asyncio.gather(*map(self._answer, await self._asked()))

    async def _asked(self) -> Sequence[str]:
        try:
            return [slug for slug in await self._db.read(_asked) if self._engine.manifest(slug) is not None]
        except DatabaseUnavailable as error:
            log.warning("example_runs_not_read", error=str(error))
            return []

    async def _answer(self, slug: str) -> None:
        try:
            if await self._db.write(_take, slug):
                began = asyncio.get_running_loop().time()
                problem = await self._problem(slug)
                took = round((asyncio.get_running_loop().time() - began) * 1000)
                await self._db.write(_note, slug, ExampleRun(at=self._clock(), ms=took, problem=problem))
        except DatabaseUnavailable as error:
            log.warning("example_run_not_written", model=slug, error=str(error))

    async def _problem(self, slug: str) -> str | None:
        try:
            problem = await self._engine.example_problem(slug)
        except ModelUnavailable as error:
            problem = one_line(error) or type(error).__name__
        return None if problem is None else " ".join(problem.replace("\x00", "").split())[:PROBLEM]


def ask(session: Session, slug: str, now: datetime) -> None:
    session.execute(update(_models).where(_models.c.slug == slug).values(test_asked_at=now))


def _asked(session: Session) -> Sequence[str]:
    return session.scalars(select(_models.c.slug).where(_models.c.test_asked_at.is_not(None))).all()


def _take(session: Session, slug: str) -> bool:
    mine = update(_models).where(_models.c.slug == slug, _models.c.test_asked_at.is_not(None))
    return session.execute(mine.values(test_asked_at=None).returning(_models.c.slug)).first() is not None


def _note(session: Session, slug: str, run: ExampleRun) -> None:
    values = {"tested_at": run.at, "test_ms": run.ms, "test_problem": run.problem}
    session.execute(update(_models).where(_models.c.slug == slug).values(values))
