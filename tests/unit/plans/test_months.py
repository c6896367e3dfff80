"""Months of the calendar are counted in UTC, wherever the customer lives: the day and the hour stay there."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.plans.months import end_of_months

BERLIN = ZoneInfo("Europe/Berlin")  # an hour less on 29 March 2026, one more on 25 October


@pytest.mark.parametrize(
    ("start", "ends", "days"),
    [
        (datetime(2026, 3, 15, 9, 30, tzinfo=BERLIN), datetime(2026, 4, 15, 10, 30, tzinfo=BERLIN), 31),
        (datetime(2026, 10, 10, 9, 30, tzinfo=BERLIN), datetime(2026, 11, 10, 8, 30, tzinfo=BERLIN), 31),
        (datetime(2026, 2, 28, 2, 30, tzinfo=BERLIN), datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN), 28),
        (datetime(2026, 9, 25, 2, 30, tzinfo=BERLIN), datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=BERLIN), 30),
        (datetime(2026, 1, 29, 2, 30, tzinfo=BERLIN), datetime(2026, 2, 28, 2, 30, tzinfo=BERLIN), 30),
    ],
)
def test_over_a_change_of_the_clocks_it_ends_at_the_same_moment_of_utc(
    start: datetime, ends: datetime, days: int
) -> None:
    day = start.astimezone(UTC).day
    found = end_of_months(start, 1, anchor_day=day)
    assert found == ends.astimezone(UTC)
    assert (found - start.astimezone(UTC), found.timetz()) == (timedelta(days=days), start.astimezone(UTC).timetz())


def test_who_subscribes_after_midnight_at_home_has_the_day_before() -> None:
    """On 1 March in Berlin it was 28 February in UTC still."""
    start = datetime(2026, 3, 1, 0, 30, tzinfo=BERLIN)
    ends = end_of_months(start, 1, anchor_day=start.astimezone(UTC).day)
    assert ends == datetime(2026, 3, 28, 23, 30, tzinfo=UTC)


def test_a_year_over_both_changes_loses_no_day() -> None:
    start = datetime(2026, 1, 31, 23, 30, tzinfo=BERLIN)
    ends = start.astimezone(UTC)
    for month in (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1):
        before, ends = ends, end_of_months(ends, 1, anchor_day=31)
        assert (ends.month, ends.hour, ends.minute) == (month, 22, 30)
        assert timedelta(days=28) <= ends - before <= timedelta(days=31)
    assert ends == datetime(2027, 1, 31, 22, 30, tzinfo=UTC)
