"""Schedules as an operator writes them."""

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.scheduler import every, look_again, make_scheduler, next_fire, parse_cron
from bot.settings import SettingsError, load_settings

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2026, 11, 16, tzinfo=MOSCOW)
TOKEN = "1234567:a-token-that-nobody-has-given-out"


@pytest.mark.parametrize(
    ("weekday", "day"),
    [("mon", 16), ("1", 16), ("0", 22), ("7", 22), ("sun", 22), ("fri", 20), ("5-6", 20), ("3,5", 18), ("2-6/2", 17)],
)
def test_days_of_the_week_count_as_cron_does(weekday: str, day: int) -> None:
    fire = next_fire(f"30 10 * * {weekday}", MOSCOW)
    assert fire(MONDAY) == datetime(2026, 11, day, 10, 30, tzinfo=MOSCOW)


def test_the_moment_itself_counts() -> None:
    fire, ten = next_fire("0 10 * * mon", MOSCOW), MONDAY.replace(hour=10)
    assert fire(ten) == ten
    assert fire(ten.replace(second=1)) == ten.replace(day=23)


def test_a_schedule_that_never_comes() -> None:
    assert next_fire("0 10 30 2 *", MOSCOW)(MONDAY) is None


@pytest.mark.parametrize("text", ["", "mon", "0 10 * *", "0 10 * * mon *", "61 10 * * mon", "0 10 * * someday"])
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_cron(text, MOSCOW)
    with pytest.raises(SettingsError, match="WEEKLY_BONUS_CRON is not a schedule of five fields"):
        load_settings(_env_file=None, bot_token=TOKEN, weekly_bonus_cron=text)


def test_amounts_and_days_of_the_bonus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEEKLY_BONUS_CREDITS", "3,50")
    assert load_settings(_env_file=None, bot_token=TOKEN).weekly_bonus_credits == 350
    monkeypatch.setenv("WEEKLY_BONUS_CREDITS", "0")
    assert load_settings(_env_file=None, bot_token=TOKEN).weekly_bonus_credits == 0
    for name, wrong in (("WEEKLY_BONUS_CREDITS", "-1"), ("WEEKLY_BONUS_TTL_DAYS", "0")):
        with monkeypatch.context() as patch:
            patch.setenv(name, wrong)
            with pytest.raises(SettingsError, match=name):
                load_settings(_env_file=None, bot_token=TOKEN)


async def test_a_clock_moved_during_a_run_is_looked_at_by_another_after_it() -> None:
    begun: asyncio.Queue[int] = asyncio.Queue()
    may_end = asyncio.Semaphore(0)
    running: list[int] = []

    async def work() -> None:
        running.append(1)
        begun.put_nowait(len(running))
        await may_end.acquire()
        running.pop()

    scheduler = make_scheduler("UTC")
    every(scheduler, work, name="work", seconds=3600)
    scheduler.start()
    try:
        async with asyncio.timeout(5):
            look_again(scheduler)
            assert await begun.get() == 1
            for _ in range(3):
                look_again(scheduler)
                for _ in range(10):  # APScheduler wakes
                    await asyncio.sleep(0)
            assert begun.empty(), "runs wait for each other"
            may_end.release()
            assert await begun.get() == 1
            may_end.release()
    finally:
        scheduler.shutdown(wait=False)
