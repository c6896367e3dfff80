"""The shop's clock beside Telegram's."""

from datetime import datetime, timedelta

import pytest

from bot.clock_watch import ClockWatch
from services.clock import SteadyClock
from tests.support.clock import START, FakeClock

WEEK = timedelta(days=7)


class Telegram:
    """Tells `time`, after `meanwhile` has happened; says nothing while it is away."""

    def __init__(self) -> None:
        self.time: datetime | None = START
        self.away = False
        self.asked = 0

    def meanwhile(self) -> None: ...

    async def __call__(self) -> datetime | None:
        self.asked += 1
        if self.away:
            raise ConnectionError
        told = self.time
        self.meanwhile()
        return told


class Stand:
    def __init__(self) -> None:
        self.machine, self.telegram = FakeClock(), Telegram()
        self.clock = SteadyClock(self.machine, seconds=lambda: 0.0)
        self.sure = 0
        self.watch = ClockWatch(self.clock, self.telegram, self._on_sure)

    async def _on_sure(self) -> None:
        self.sure += 1


@pytest.fixture
def stand() -> Stand:
    return Stand()


async def test_a_jump_is_noticed_and_its_end_too(stand: Stand) -> None:
    await stand.watch.look()
    assert (stand.sure, stand.clock.is_doubted) == (1, False)
    stand.machine.now += WEEK
    await stand.watch.look()
    assert stand.clock.is_doubted
    stand.machine.now -= WEEK
    await stand.watch.look()
    assert (stand.sure, stand.clock.is_doubted) == (2, False)


async def test_who_is_sure_asks_seldom(stand: Stand) -> None:
    for _ in range(3):
        await stand.watch.look()
    assert stand.telegram.asked == 1
    stand.machine.now += timedelta(minutes=11)
    await stand.watch.look()
    assert stand.telegram.asked == 2


async def test_nobody_answers(stand: Stand) -> None:
    """A clock that nothing speaks against is believed; one that was off for a week waits for somebody who tells."""
    stand.telegram.away = True
    await stand.watch.look()
    assert stand.sure == 1
    waiting = Stand()
    waiting.telegram.away = True
    waiting.clock.compare(START - WEEK)
    await waiting.watch.look()
    assert (waiting.sure, waiting.clock.is_doubted) == (0, True)
    waiting.telegram.away = False
    await waiting.watch.look()
    assert (waiting.sure, waiting.clock.is_doubted) == (1, False)


async def test_moved_on_purpose_while_the_answer_is_on_its_way(stand: Stand) -> None:
    """It tells the time before."""

    def moved() -> None:
        stand.machine.now += WEEK
        stand.clock.accept()

    stand.telegram.meanwhile = moved  # type: ignore[method-assign]  # what happens just then
    await stand.watch.look()
    assert not stand.clock.is_doubted
    assert stand.clock() == START + WEEK
