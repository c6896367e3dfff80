"""Schedules as an operator writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from bot.scheduler import next_fire, parse_cron
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
