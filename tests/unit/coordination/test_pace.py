"""Places in the rows of a crowd and of each by itself, by a clock that the test moves."""

from itertools import pairwise

import pytest

from services.coordination.base import Rate
from services.coordination.memory import REMEMBERED, MemoryCoordination

EVERYWHERE = Rate(key="all", seconds=1 / 30)
ONE_CHAT = 1.0


class Loop:
    def __init__(self) -> None:
        self.now = 100.0
        self.memory = MemoryCoordination(lambda: self.now)

    async def book(self, chat: int) -> float:
        return self.now + await self.memory.book(EVERYWHERE, Rate(key=f"chat:{chat}", seconds=ONE_CHAT))


async def test_the_first_message_goes_at_once() -> None:
    assert await Loop().book(1) == 100.0


async def test_one_chat_gets_one_a_second() -> None:
    loop = Loop()
    assert [await loop.book(1) for _ in range(3)] == [100.0, 100.0 + ONE_CHAT, 100.0 + 2 * ONE_CHAT]


async def test_all_chats_together_get_thirty_a_second() -> None:
    loop = Loop()
    places = [await loop.book(chat) for chat in range(31)]
    assert places[30] - places[0] > 0.999
    assert min(b - a for a, b in pairwise(places)) > 0.9 * EVERYWHERE.seconds


async def test_a_chat_that_waits_holds_up_no_other() -> None:
    loop = Loop()
    for _ in range(5):
        await loop.book(1)
    assert await loop.book(2) < 100.0 + 6 * EVERYWHERE.seconds


async def test_quiet_time_is_not_saved_up() -> None:
    loop = Loop()
    await loop.book(1)
    loop.now = 200.0
    places = [await loop.book(chat) for chat in range(3)]
    assert places == pytest.approx([200.0, 200.0 + EVERYWHERE.seconds, 200.0 + 2 * EVERYWHERE.seconds])


async def test_old_chats_are_forgotten() -> None:
    loop = Loop()
    for chat in range(REMEMBERED + 10):
        await loop.book(chat)
    assert len(loop.memory._rates) == REMEMBERED
