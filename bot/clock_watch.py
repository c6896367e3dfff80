"""Holds the shop's clock against Telegram's: what cannot be undone waits while they are days apart."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from db.errors import DatabaseUnavailable
from services.clock import SteadyClock

log = structlog.get_logger()

LOOK_SECONDS = 10.0
ASK_AGAIN = timedelta(minutes=10)

TheirTime = Callable[[], Awaitable[datetime | None]]
"""None where they answer without a time. Raises OSError or TimeoutError where they do not answer."""
Work = Callable[[], Awaitable[object]]


class ClockWatch:
    """`on_sure`: called each time when doubts have ended, the first time at the start."""

    def __init__(self, clock: SteadyClock, their_time: TheirTime, on_sure: Work) -> None:
        self._clock = clock
        self._their_time = their_time
        self._on_sure = on_sure
        self._asked: datetime | None = None
        self._sure: bool | None = None  # until the first look

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Notice a jump, ask where it is time to, tell of a change."""
        now = self._clock()
        if self._clock.is_doubted or self._asked is None or now - self._asked > ASK_AGAIN:
            await self._ask(now)
        doubted, ahead = self._clock.is_doubted, self._clock.ahead
        if doubted and self._sure is not False:
            event = "clock_jumped" if ahead is not None or self._clock.differs else "clock_unproved"
            log.error(event, ahead_seconds=ahead and ahead.total_seconds())
        if not doubted and not self._sure:
            try:
                await self._on_sure()
            except DatabaseUnavailable as error:  # at the next look
                log.warning("clock_waits_for_database", error=str(error))
                return
            log.info("clock_believed")
        self._sure = not doubted

    async def _ask(self, now: datetime) -> None:
        moves = self._clock.moves
        try:
            theirs = await self._their_time()
        except (OSError, TimeoutError) as error:
            log.info("clock_not_compared", error=type(error).__name__)
            return
        if self._clock.moves != moves:  # that was the time before
            return
        self._asked = now
        self._clock.hear(theirs)
