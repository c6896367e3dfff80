"""Drafts go at a pace of their own, below the messages, by a clock that the test moves."""

import asyncio

from handlers.telegram.pace import EVERYWHERE, STAY_BACK, DraftPace
from services.coordination.base import Rate
from services.coordination.memory import MemoryCoordination


class Loop:
    def __init__(self) -> None:
        self.now = 100.0
        self.coordination = MemoryCoordination(lambda: self.now)
        self.drafts = DraftPace(self.coordination, time=lambda: self.now, sleep=self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    async def message(self, chat: int) -> float:
        """How long it waits."""
        return await self.coordination.book(Rate(key="pace", seconds=EVERYWHERE), Rate(key=f"pace:{chat}", seconds=1.0))


async def test_the_first_goes_at_once_and_many_leave_half_of_the_places() -> None:
    loop, waited = Loop(), []
    for chat in range(151):
        assert await loop.drafts.may_go(chat, lambda: True)
        waited.append(await loop.message(1_000 + chat))
    assert 9.9 < loop.now - 100.0 < 10.5
    assert max(waited) <= EVERYWHERE


async def test_each_chat_has_its_turn() -> None:
    loop, order = Loop(), list[int]()

    async def draws(chat: int) -> None:
        for _ in range(2):
            await loop.drafts.may_go(chat, lambda: True)
            order.append(chat)

    await asyncio.gather(*(draws(chat) for chat in range(5)))
    assert order == [*range(5), *range(5)]


async def test_they_stay_back_while_messages_queue() -> None:
    loop = Loop()
    for chat in range(60):
        await loop.message(chat)
    await loop.drafts.may_go(1, lambda: True)
    first = loop.now
    await loop.drafts.may_go(2, lambda: True)
    assert loop.now - first >= STAY_BACK - 2.0  # it waited two seconds for its place
    assert await loop.message(99) < 2 * EVERYWHERE


async def test_what_is_wanted_no_more_takes_no_place() -> None:
    loop = Loop()
    for chat in range(100):
        assert not await loop.drafts.may_go(chat, lambda: False)
    assert (loop.now, await loop.message(1)) == (100.0, 0.0)
