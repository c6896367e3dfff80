"""Telegram's pace for what the shop sends by itself: about 30 messages a second over all chats, one a second in one."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

EVERYWHERE = 1 / 30  # seconds between two messages
ONE_CHAT = 1.0
REMEMBERED = 10_000


class Pace:
    """`time` is the loop's clock."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._next = 0.0
        self._chats: OrderedDict[int, float] = OrderedDict()

    async def wait(self, chat_id: int) -> None:
        """Return when a message to this chat may go."""
        delay = self.book(chat_id) - self._time()
        if delay > 0:
            await asyncio.sleep(delay)

    def book(self, chat_id: int) -> float:
        """The moment of the next free place for this chat; it is taken."""
        at = max(self._time(), self._next, self._chats.get(chat_id, 0.0))
        self._next = max(self._next, self._time()) + EVERYWHERE
        self._chats[chat_id] = at + ONE_CHAT
        self._chats.move_to_end(chat_id)
        if len(self._chats) > REMEMBERED:
            self._chats.popitem(last=False)
        return at
