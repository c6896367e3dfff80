"""Schedules as an operator writes them."""

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.cron import next_fire, parse_cron
from bot.scheduler import every, make_scheduler, run_jobs_now
from bot.settings import SettingsError, load_settings

MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = datetime(2026, 11, 16, tzinfo=MOSCOW)
TOKEN = "1234567:a-token-that-nobody-has-given-out"


@pytest.mark.parametrize(
    ("weekday", "day"),
    [
        ("mon", 16),
        ("1", 16),
        ("0", 22),
        ("7", 22),
        ("sun", 22),
        ("SUN", 22),
        ("fri", 20),
        ("5-6", 20),
        ("3,5", 18),
        ("2-6/2", 17),
        ("0-6", 16),
        ("sun-tue", 16),
        ("6-7", 21),
        ("fri-sun", 20),
        ("*/2", 17),
        ("sat/3", 21),
    ],
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


@pytest.mark.parametrize(
    "weekdays", ["0-6", "1-7", "mon-sun", "sun-sat", "*", "*/1", "sun,mon,tue,wed,thu,fri,sat", "4-6,0-3"]
)
def test_every_day(weekdays: str) -> None:
    fire = next_fire(f"0 10 * * {weekdays}", MOSCOW)
    assert [fire(MONDAY.replace(day=day)) for day in range(16, 23)] == [
        MONDAY.replace(day=day, hour=10) for day in range(16, 23)
    ]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("18 * mon", [16, 18, 23]),  # either will do
        ("18 * *", [18]),
        ("*/2 * mon", [23]),  # a star names no days: both
        ("18-19 nov thu", [18, 19, 26]),
    ],
)
def test_days_of_month_and_week(days: str, expected: list[int]) -> None:
    fire, found, at = next_fire(f"0 10 {days}", MOSCOW), [], MONDAY
    while (moment := fire(at)) is not None and moment < MONDAY.replace(day=28):
        found.append(moment.day)
        at = moment.replace(second=1)
    assert found == expected


def test_an_hour_that_comes_twice() -> None:
    """Each time of the wall clock counts once, the first time."""
    fire, berlin = next_fire("*/30 2 * * *", ZoneInfo("Europe/Berlin")), ZoneInfo("Europe/Berlin")
    first = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    assert fire(first) == first
    after = fire(datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=berlin))
    assert after is not None
    assert after.astimezone(UTC) == datetime(2026, 10, 26, 1, tzinfo=UTC)


def test_the_scheduler_goes_on_after_a_gap() -> None:
    trigger = parse_cron("30 2 * * *", ZoneInfo("Europe/Berlin"))
    moments, at = [], datetime(2026, 3, 28, 0, tzinfo=UTC)
    previous = None
    for _ in range(3):
        previous = trigger.get_next_fire_time(previous, at)
        assert previous is not None
        moments.append(previous.astimezone(UTC))
    assert moments == [
        datetime(2026, 3, 28, 1, 30, tzinfo=UTC),
        *(datetime(2026, 3, d, h, m, tzinfo=UTC) for d, h, m in ((29, 1, 0), (30, 0, 30))),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mon",
        "0 10 * *",
        "0 10 * * mon *",
        "61 10 * * mon",
        "0 10 * * someday",
        "0 10 * * 1#1",
        "0 10 * * 8",
        "0 10 * * 6-1",
        "0 10 * * fril",
        "0 10 L * *",
        "0 10 last * *",
        "0 10 15W * *",
        "0 10 ? * mon",
        "0 10 * * mon,",
        "0 22-2 * * *",
        "0 10 * 13 *",
        "0/0 10 * * *",
        "@weekly",
    ],
)
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
        async with asyncio.timeout(20):
            run_jobs_now(scheduler)
            assert await begun.get() == 1
            for _ in range(3):
                run_jobs_now(scheduler)
                for _ in range(10):  # APScheduler wakes
                    await asyncio.sleep(0)
            assert begun.empty(), "runs wait for each other"
            may_end.release()
            assert await begun.get() == 1
            may_end.release()
    finally:
        scheduler.shutdown(wait=False)
