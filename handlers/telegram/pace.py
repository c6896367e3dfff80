"""Telegram's pace for what the shop sends by itself: about 30 messages a second over all chats, one a second in one."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from services.coordination.base import Coordination, Rate

EVERYWHERE = 1 / 30  # seconds between two messages
ONE_CHAT = 1.0
DRAFTS = 1 / 15  # seconds between two drafts of a process: half of Telegram's places
CROWDED = 0.5  # seconds that the next message waits for its place
STAY_BACK = 5.0


class Pace:
    """Of all processes together; of each by itself while they cannot reach each other: what is too much then Telegram
    refuses for a while, and it is sent again."""

    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination

    async def wait(self, chat_id: int) -> None:
        """Return when a message to this chat may go."""
        delay = await self._coordination.book(
            Rate(key="pace", seconds=EVERYWHERE), Rate(key=f"pace:{chat_id}", seconds=ONE_CHAT)
        )
        if delay > 0:
            await asyncio.sleep(delay)


class DraftPace:
    """For what is only nice to have: it takes its places from the messages', half of them at most, and hardly any while
    messages queue for theirs. `time`: in seconds, of any beginning."""

    def __init__(
        self,
        coordination: Coordination,
        time: Callable[[], float] = monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._coordination, self._time, self._sleep = coordination, time, sleep
        self._turn = asyncio.Lock()  # in the order of coming: each chat has its turn
        self._next = 0.0

    async def may_go(self, chat_id: int, wanted: Callable[[], bool]) -> bool:
        """Return when it may go; False where by then it is not `wanted` any more, which takes no place."""
        async with self._turn:
            if not wanted():
                return False
            await self._sleep(max(0.0, self._next - self._time()))
            own = Rate(key=f"draft:{chat_id}", seconds=0.001)  # who draws has a pace of their own
            delay = await self._coordination.book(Rate(key="pace", seconds=EVERYWHERE), own)
            self._next = self._time() + (STAY_BACK if delay > CROWDED else DRAFTS)
            await self._sleep(delay)
            return wanted()
