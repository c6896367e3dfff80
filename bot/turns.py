"""One process of a shop polls Telegram; on PostgreSQL others stand by until it is gone."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Final

import structlog

from db.alone import Turn
from db.errors import DatabaseUnavailable

log = structlog.get_logger()

LOOK_SECONDS = 5.0
STAND_BY_SECONDS = 1.0  # a server takes a moment to notice that the one before was killed
STANDING_BY: Final = "another process of this shop polls Telegram; this one stands by"

Work = Callable[[], Coroutine[None, None, None]]


class TakeTurns:
    def __init__(self, turn: Turn) -> None:
        self.stands_by = False
        self._turn = turn
        self._work: asyncio.Task[None] | None = None

    async def run(self, work: Work) -> None:
        """`work`, while it is our turn; ends, or raises, as it does."""
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
            await self._turn.give_back()

    async def _follow(self, work: Work) -> None:
        """A database that is away takes no turn from us: nobody else could work without it either."""
        try:
            ours = await self._turn.is_ours()
        except DatabaseUnavailable as error:
            log.warning("turn_not_known", error=str(error).splitlines()[0])
            return
        if not ours and not self.stands_by:
            log.warning("telegram_conflict", hint=STANDING_BY)
        self.stands_by = not ours
        if not ours:
            await self._rest()
        elif self._work is None:
            self._work = asyncio.get_running_loop().create_task(work(), name="turn")

    async def _rest(self) -> None:
        if self._work is not None and not self._work.done():
            self._work.cancel()
            with suppress(asyncio.CancelledError):
                await self._work
        self._work = None
