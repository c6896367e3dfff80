"""Owners hear once of what has been wrong for a while, and once of its end."""

import asyncio
from collections import deque
from datetime import timedelta

from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import SendMessage

from bot.incidents import IncidentNotices
from bot.leader import STANDING_BY
from db.engine import Database
from handlers.admin.incidents.screens import WAS_WRONG, WRONG
from i18n.translator import Catalogues
from services.coordination.memory import MemoryCoordination
from services.users.accounts import Users, Visitor
from tests.support.clock import FakeClock
from tests.support.wire import Wire, bot_on
from web.readiness import Readiness

ANNA, JOHN = 7, 8
WELL = {"telegram": "ok", "database": "ok"}
FULL = WELL | {"database": "database or disk is full"}
SILENT = WELL | {"telegram": "no answer from Telegram"}


class Watchman:
    """Looks every 15 seconds at what `parts` say, in each of so many `processes`."""

    def __init__(
        self, db: Database, clock: FakeClock, owners: tuple[int, ...] = (ANNA,), *, processes: int = 1
    ) -> None:
        self.wire, self.clock, self.parts = Wire(), clock, WELL
        self.memory = MemoryCoordination(self._time)
        self.processes = [
            IncidentNotices(
                bot_on(self.wire),
                owners,
                self._readiness,
                users=Users(db, clock, welcome_credits=0),
                catalogues=Catalogues(),
                clock=clock,
                coordination=self.memory,
            )
            for _ in range(processes)
        ]

    def _time(self) -> float:
        return self.clock.now.timestamp()

    async def _readiness(self) -> Readiness:
        return Readiness(parts=self.parts)

    async def sees(self, parts: dict[str, str], *, minutes: float) -> list[str]:
        """What the owners are told meanwhile."""
        self.parts, before = parts, len(self.wire.told)
        for _ in range(int(minutes * 4)):
            await asyncio.gather(*(process.look() for process in self.processes))
            self.clock.now += timedelta(seconds=15)
        return [text for _, text in self.wire.told[before:]]


async def test_once_of_the_trouble_and_once_of_its_end(sqlite_database: Database, clock: FakeClock) -> None:
    owner = Visitor(telegram_id=JOHN, username=None, first_name="John", language="en")
    await Users(sqlite_database, clock, welcome_credits=0).enter(owner)
    watchman = Watchman(sqlite_database, clock, owners=(ANNA, JOHN))
    assert await watchman.sees(WELL, minutes=10) == []
    russian, english = await watchman.sees(FULL, minutes=60)
    assert "В базу данных нельзя ничего записать" in russian
    assert "Nothing can be written to the database" in english
    assert "database or disk is full" in english
    russian, english = await watchman.sees(WELL, minutes=60)
    assert "снова всё в порядке" in russian
    assert "It lasted from" in english


async def test_what_passes_by_itself_is_no_news(sqlite_database: Database, clock: FakeClock) -> None:
    watchman = Watchman(sqlite_database, clock)
    for _ in range(5):
        assert await watchman.sees(FULL, minutes=2) == []
        assert await watchman.sees(WELL, minutes=2) == []


async def test_a_trouble_that_comes_and_goes_is_one(sqlite_database: Database, clock: FakeClock) -> None:
    watchman = Watchman(sqlite_database, clock)
    told = []
    for _ in range(10):
        told += await watchman.sees(FULL, minutes=1)
        told += await watchman.sees(WELL, minutes=0.5)
    assert len(told) == 1
    assert len(await watchman.sees(WELL, minutes=5)) == 1


async def test_an_outage_of_telegram_is_told_when_it_is_back(sqlite_database: Database, clock: FakeClock) -> None:
    watchman = Watchman(sqlite_database, clock)
    away = TelegramNetworkError(method=SendMessage(chat_id=ANNA, text=""), message="reset")
    watchman.wire.refusals[ANNA] = deque([away] * 10_000)
    await watchman.sees(SILENT, minutes=20)
    watchman.wire.refusals.clear()
    (told,) = await watchman.sees(WELL, minutes=20)
    assert "сообщить вам не удавалось" in told
    assert "Магазин ничего не получал от Telegram" in told  # as of what is past, without advice


def test_each_part_has_words_for_its_trouble_and_for_the_end() -> None:
    assert WAS_WRONG.keys() == WRONG.keys()


async def test_an_owner_who_never_opened_the_bot_holds_nobody_up(sqlite_database: Database, clock: FakeClock) -> None:
    watchman = Watchman(sqlite_database, clock, owners=(JOHN, ANNA))
    watchman.wire.refusals[JOHN] = deque([(400, "Bad Request: chat not found")])
    await watchman.sees(FULL, minutes=30)
    assert [chat for chat, _ in watchman.wire.told] == [JOHN, ANNA]


async def test_who_was_told_alone_is_told_of_the_next_trouble(sqlite_database: Database, clock: FakeClock) -> None:
    """JOHN cannot be reached while it lasts, so the beginning was never told to all."""
    watchman = Watchman(sqlite_database, clock, owners=(ANNA, JOHN))
    away = TelegramNetworkError(method=SendMessage(chat_id=JOHN, text=""), message="reset")
    watchman.wire.refusals[JOHN] = deque([away] * 10_000)
    await watchman.sees(FULL, minutes=20)
    watchman.wire.refusals.clear()
    await watchman.sees(WELL, minutes=20)
    before = len(watchman.wire.told)
    await watchman.sees(FULL, minutes=20)
    assert [chat for chat, _ in watchman.wire.told[before:]] == [ANNA, JOHN]


async def test_of_two_processes_one_tells(sqlite_database: Database, clock: FakeClock) -> None:
    watchman = Watchman(sqlite_database, clock, processes=2)
    for _ in range(3):
        assert len(await watchman.sees(FULL, minutes=30)) == 1
        assert len(await watchman.sees(WELL, minutes=5)) == 1


async def test_what_a_process_could_not_tell_before_it_ended_another_tells(
    sqlite_database: Database, clock: FakeClock
) -> None:
    watchman = Watchman(sqlite_database, clock, processes=2)
    away = TelegramNetworkError(method=SendMessage(chat_id=ANNA, text=""), message="reset")
    watchman.wire.refusals[ANNA] = deque([away])
    await watchman.sees(FULL, minutes=3.25)
    del watchman.processes[0]
    (told,) = await watchman.sees(FULL, minutes=30)
    assert "database or disk is full" in told


async def test_who_stands_by_tells_nobody(sqlite_database: Database, clock: FakeClock) -> None:
    watchman = Watchman(sqlite_database, clock)
    assert await watchman.sees(FULL | {"telegram": STANDING_BY}, minutes=30) == []
