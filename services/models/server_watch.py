"""Models at servers rest while their server is away: nobody can buy them, owners are told once, and they come back by
themselves. One whose server comes and goes comes back later each time, so that it is not sold in between and owners
hear of it now and then. One whose server answers checks and turns all runs away rests as one that fails."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

import structlog

from db.engine import Database
from db.errors import DatabaseUnavailable
from services.clock import Clock
from services.inference.engine import Engine
from services.inference.errors import InferenceError
from services.models import rests

log = structlog.get_logger()

EVERY: Final = 15.0  # seconds between checks of a server that answers
SOON: Final = 2.0  # after the first that gets no answer
LONGEST: Final = EVERY  # between checks of one that is away; they begin at SOON and double
HELD: Final = tuple(timedelta(seconds=each) for each in (0, 15, 30, 60, 120, 240, 480))
"""How long it rests at least, by how often it came back within the last hour."""
HOUR: Final = 3600.0
TURNED_AWAY: Final = 3  # runs, each with a good check after it, none answered in between
TURNED_AWAY_FOR: Final = timedelta(seconds=10)  # so long at least: a server that just starts may do that
FORGOTTEN: Final = timedelta(minutes=1)


class ServerWatch:
    """Checks the servers of this process's models, each by itself. `owners`: Telegram ids. `on_told` is called when a
    message is ready to be sent."""

    def __init__(
        self, db: Database, engine: Engine, clock: Clock, on_told: Callable[[], None], *, owners: Collection[int]
    ) -> None:
        self._db, self._engine, self._clock, self._on_told, self._owners = db, engine, clock, on_told, owners
        self._misses: dict[str, int] = {}  # in a row
        self._due: dict[str, float] = {}  # loop time of the next check
        self._checking: set[str] = set()
        self._returns: dict[str, list[float]] = {}  # loop times, the latest of the last hour
        self._said: dict[str, str] = {}  # to runs that were turned away since the last check
        self._contradicted: dict[str, list[datetime]] = {}  # good checks after such
        self._event = asyncio.Event()

    def suspect(self, slug: str) -> None:
        """A run got no answer: look at once, unless it is known."""
        if not self._misses.get(slug):
            self._due[slug] = 0.0
            self._event.set()

    def turned_away(self, slug: str, problem: str) -> None:
        """As `suspect`, of a run for which the server was not there."""
        self._said[slug] = problem
        self.suspect(slug)

    def answered(self, slug: str) -> None:
        """A run went well."""
        self._said.pop(slug, None)
        self._contradicted.pop(slug, None)

    async def run(self) -> None:
        """Until cancelled. A server that is slow to answer its check holds up no other's."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._event.clear()
                for slug in self._take_due():
                    tasks.create_task(self._look_at(slug), name=f"check-{slug}")
                waiting = [at for slug, at in self._due.items() if slug not in self._checking]
                seconds = min(waiting, default=EVERY) - asyncio.get_running_loop().time()
                try:
                    async with asyncio.timeout(max(0.2, min(seconds, SOON))):
                        await self._event.wait()
                except TimeoutError:
                    pass

    async def look(self) -> None:
        """Check those that are due, all at once."""
        await asyncio.gather(*map(self._look_at, self._take_due()))

    def _take_due(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        self._due = {slug: self._due.get(slug, 0.0) for slug in self._engine.remote}
        due = [slug for slug, at in self._due.items() if at <= now and slug not in self._checking]
        self._checking.update(due)
        return due

    async def _look_at(self, slug: str) -> None:
        try:
            self._due[slug] = asyncio.get_running_loop().time() + EVERY
            await self._note(slug, await self._problem(slug))
        except DatabaseUnavailable as error:
            log.warning("server_state_not_written", model=slug, error=str(error))
        finally:
            self._checking.discard(slug)
            self._event.set()

    async def _problem(self, slug: str) -> str | None:
        try:
            await self._engine.check(slug)
        except InferenceError as error:
            return str(error) or type(error).__name__
        except Exception as error:
            log.exception("server_check_crashed", model=slug)
            return repr(error)
        return None

    async def _note(self, slug: str, problem: str | None) -> None:
        loop, now = asyncio.get_running_loop(), self._clock()
        misses = self._misses[slug] = 0 if problem is None else self._misses.get(slug, 0) + 1
        if misses:
            self._due[slug] = loop.time() + min(SOON * 2 ** min(misses - 1, 10), LONGEST)
            self.answered(slug)  # what runs were told is explained
        if misses > 1:
            self._engine.rest(slug, True)
            changed = await self._db.write(rests.rest_away, slug, problem or "", owners=self._owners, now=now)
        elif misses:
            return
        else:
            self._engine.rest(slug, False)
            changed = await self._served(slug, now) or await self._turns_away(slug, now)
        if changed:
            self._on_told()

    async def _served(self, slug: str, now: datetime) -> bool:
        changed = await self._db.write(rests.serve, slug, self._held(slug), owners=self._owners, now=now)
        if changed:
            self._returns[slug].append(asyncio.get_running_loop().time())
        return changed

    def _held(self, slug: str) -> timedelta:
        since = asyncio.get_running_loop().time() - HOUR
        returns = self._returns[slug] = [at for at in self._returns.get(slug, ()) if at > since]
        return HELD[min(len(returns), len(HELD) - 1)]

    async def _turns_away(self, slug: str, now: datetime) -> bool:
        """After a good check: whether it rests now for the runs that were turned away all the same."""
        if (said := self._said.pop(slug, None)) is None:
            return False
        known = [at for at in self._contradicted.get(slug, ()) if now - FORGOTTEN < at <= now]
        self._contradicted[slug] = known = [*known, now]
        if len(known) < TURNED_AWAY or now - known[0] < TURNED_AWAY_FOR:
            return False
        self.answered(slug)
        self._engine.failing.add(slug)
        return await self._db.write(rests.rest_failing, slug, said, owners=self._owners, now=now)
