"""One process of a shop polls Telegram; on PostgreSQL others stand by until it is gone."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Final

import structlog

from db.errors import DatabaseUnavailable
from db.process_locks import LeaderLock

log = structlog.get_logger()

LOOK_SECONDS = 5.0
STAND_BY_SECONDS = 1.0  # a server takes a moment to notice that the one before was killed
STANDING_BY: Final = "another process of this shop polls Telegram; this one stands by"

Work = Callable[[], Coroutine[None, None, None]]


class Leader:
    """Does what only one process may, while the lock is this one's; `stands_by`: while it is another's."""

    def __init__(self, lock: LeaderLock) -> None:
        self.stands_by = False
        self._lock = lock
        self._work: asyncio.Task[None] | None = None

    async def run(self, work: Work) -> None:
        """`work`, while the lock is ours; ends, or raises, as it does."""
        try:
            while self._work is None or not self._work.done():
                await self._follow(work)
                if self._work is None:
                    await asyncio.sleep(STAND_BY_SECONDS)
                else:
                    await asyncio.wait({self._work}, timeout=LOOK_SECONDS)
            self._work.result()
        finally:
            await self._rest()
            await self._lock.give_back()

    async def _follow(self, work: Work) -> None:
        """A database that is away takes no lock from us: nobody else could work without it either."""
        try:
            ours = await self._lock.is_ours()
        except DatabaseUnavailable as error:
            log.warning("leader_not_known", error=str(error).splitlines()[0])
            return
        if not ours and not self.stands_by:
            log.warning("telegram_conflict", hint=STANDING_BY)
        self.stands_by = not ours
        if not ours:
            await self._rest()
        elif self._work is None:
            self._work = asyncio.get_running_loop().create_task(work(), name="leader")

    async def _rest(self) -> None:
        if self._work is not None and not self._work.done():
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work
        self._work = None
