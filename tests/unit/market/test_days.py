"""Days of the exchange."""

import datetime as dt

import pytest

from services.market.days import MOSCOW, fresh_until, last_finished, next_close, today

FRIDAY = dt.date(2026, 11, 13)


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        (at(13, 18, 59), dt.date(2026, 11, 12), at(13, 19)),
        (at(13, 19), FRIDAY, at(16, 19)),
        (at(14, 20), FRIDAY, at(16, 19)),
        (at(16, 0), FRIDAY, at(16, 19)),
        (at(16, 19), dt.date(2026, 11, 16), at(17, 19)),
    ],
)
def test_a_day_ends_at_seven_in_moscow(now: dt.datetime, last: dt.date, following: dt.datetime) -> None:
    now = now.astimezone(dt.UTC)
    assert last_finished(now) == last
    assert next_close(now) == following


def test_today_is_moscows() -> None:
    assert today(dt.datetime(2026, 11, 13, 21, 30, tzinfo=dt.UTC)) == dt.date(2026, 11, 14)


def test_what_has_the_last_day_is_fresh_until_the_next_close() -> None:
    assert fresh_until(at(16, 12), FRIDAY) == at(16, 19)
    assert fresh_until(at(16, 12), dt.date(2026, 11, 12)) == at(15 + 1, 15)
    assert fresh_until(at(16, 18), None) == at(16, 19)
