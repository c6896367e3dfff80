"""Telegram's pace for what the shop sends by itself: about 30 messages a second over all chats, one a second in one."""

import asyncio

from services.coordination.base import Coordination, Rate

EVERYWHERE = 1 / 30  # seconds between two messages
ONE_CHAT = 1.0


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
