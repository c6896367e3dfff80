"""Models at servers rest while their server is away: nobody can buy them, owners are told once, and they come back by
themselves. One whose server comes and goes comes back later each time, so that it is not sold in between and owners
hear of it now and then."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.models import Model
from services.clock import Clock
from services.inference.engine import Engine
from services.inference.errors import InferenceError
from services.notifications.kinds.models import ModelRests, ModelServes
from services.notifications.outbox import short
from services.notifications.owners import tell_owners

log = structlog.get_logger()
_models = table_of(Model)

EVERY: Final = 15.0  # seconds between checks of a server that answers
SOON: Final = 2.0  # after the first that gets no answer
LONGEST: Final = 60.0  # between checks of one that is away; they begin at SOON and double
HELD: Final = tuple(timedelta(seconds=each) for each in (0, 30, 60, 120, 240, 480))
"""How long it rests at least, by how often it came back within the last hour."""
HOUR: Final = 3600.0

_rest = (
    update(_models)
    .where(_models.c.slug == bindparam("model"), _models.c.resting_since.is_(None))
    .values(resting_since=bindparam("since"), resting_for=bindparam("reason"))
    .returning(_models.c.slug)
)
_serve = (
    update(_models)
    .where(
        _models.c.slug == bindparam("model"),
        (_models.c.resting_since <= bindparam("before")) | (_models.c.resting_since > bindparam("now")),
    )
    .values(resting_since=None, resting_for=None)
    .returning(_models.c.slug)
)


class ServerWatch:
    """Checks the servers of this process's models. `owners`: Telegram ids. `on_told` is called when a message is ready
    to be sent."""

    def __init__(
        self, db: Database, engine: Engine, clock: Clock, on_told: Callable[[], None], *, owners: Collection[int]
    ) -> None:
        self._db, self._engine, self._clock, self._on_told, self._owners = db, engine, clock, on_told, owners
        self._misses: dict[str, int] = {}  # in a row
        self._due: dict[str, float] = {}  # loop time of the next check
        self._returns: dict[str, list[float]] = {}  # loop times, the latest of the last hour
        self._event = asyncio.Event()

    def suspect(self, slug: str) -> None:
        """A run got no answer: look at once, unless it is known."""
        if not self._misses.get(slug):
            self._due[slug] = 0.0
            self._event.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._event.clear()
            try:
                await self.look()
            except DatabaseUnavailable as error:
                log.warning("server_state_not_written", error=str(error))
            seconds = min(self._due.values(), default=EVERY) - asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout(max(0.2, min(seconds, SOON))):
                    await self._event.wait()
            except TimeoutError:
                pass

    async def look(self) -> None:
        """Check those that are due, all at once. Raises DatabaseUnavailable."""
        now = asyncio.get_running_loop().time()
        remote = set(self._engine.remote)
        self._due = {slug: self._due.get(slug, 0.0) for slug in remote}
        due = [slug for slug, at in self._due.items() if at <= now]
        problems = await asyncio.gather(*map(self._problem, due))
        for slug, problem in zip(due, problems, strict=True):
            await self._note(slug, problem)

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
        misses = self._misses[slug] = 0 if problem is None else self._misses.get(slug, 0) + 1
        pause = EVERY if not misses else min(SOON * 2 ** (misses - 1), LONGEST)
        self._due[slug] = asyncio.get_running_loop().time() + pause
        if problem is None:
            self._engine.rest(slug, False)
            changed = await self._db.write(self._serves, slug, self._held(slug), self._clock())
            if changed:
                self._returns[slug].append(asyncio.get_running_loop().time())
        elif misses > 1:
            self._engine.rest(slug, True)
            changed = await self._db.write(self._rests, slug, problem, self._clock())
        else:
            return
        if changed:
            self._on_told()

    def _rests(self, session: Session, slug: str, problem: str, now: datetime) -> bool:
        facts = {"model": slug, "since": now, "reason": short(problem)}
        if session.connection().execute(_rest, facts).first() is None:
            return False
        log.error("model_rests", model=slug, problem=problem)
        tell_owners(session, self._owners, ModelRests(slug=slug, problem=short(problem), at=now), now=now)
        return True

    def _held(self, slug: str) -> timedelta:
        since = asyncio.get_running_loop().time() - HOUR
        returns = self._returns[slug] = [at for at in self._returns.get(slug, ()) if at > since]
        return HELD[min(len(returns), len(HELD) - 1)]

    def _serves(self, session: Session, slug: str, held: timedelta, now: datetime) -> bool:
        facts = {"model": slug, "before": now - held, "now": now}
        if session.connection().execute(_serve, facts).first() is None:
            return False
        log.info("model_serves_again", model=slug)
        tell_owners(session, self._owners, ModelServes(slug=slug, problem="", at=now), now=now)
        return True
