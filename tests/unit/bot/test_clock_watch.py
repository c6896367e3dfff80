"""The shop's clock beside Telegram's."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock_watch import ClockWatch
from bot.telegram_time import telegram_time
from db.errors import DatabaseUnavailable
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
        self.database_away = False
        self.watch = ClockWatch(self.clock, self.telegram, self._on_sure)

    async def _on_sure(self) -> None:
        if self.database_away:
            raise DatabaseUnavailable("gone")
        self.sure += 1


@pytest.fixture
def stand() -> Stand:
    return Stand()


async def test_what_waits_for_a_sure_clock_waits_for_the_database_too(stand: Stand) -> None:
    stand.database_away = True
    await stand.watch.look()
    assert stand.sure == 0
    stand.database_away = False
    await stand.watch.look()
    await stand.watch.look()
    assert stand.sure == 1


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


async def telegram_says(date: str | None) -> datetime | None:
    """Over real HTTP, by a server that puts this Date on its answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        line = "" if date is None else f"Date: {date}\r\n"
        writer.write(f"HTTP/1.1 200 OK\r\n{line}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        return await telegram_time(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Mon, 16 Nov 2026 09:00:00 GMT", datetime(2026, 11, 16, 9, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 09:00:00 -0000", datetime(2026, 11, 16, 9, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("yesterday", None),
        (None, None),
    ],
)
async def test_dates_as_servers_write_them(date: str | None, told: datetime | None) -> None:
    assert await telegram_says(date) == told


async def test_the_end_of_time_stops_nobody(stand: Stand) -> None:
    stand.telegram.time = datetime.max.replace(tzinfo=UTC)
    for _ in range(2):
        await stand.watch.look()
        assert stand.clock() == START
        assert stand.clock.is_doubted
    stand.telegram.time = START
    await stand.watch.look()
    assert not stand.clock.is_doubted
