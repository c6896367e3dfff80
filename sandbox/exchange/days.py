"""Trading days: weekdays without a few holidays, since 2015. A day has its close after 19:00 in Moscow."""

import datetime as dt
from functools import cache
from typing import Final

MOSCOW: Final = dt.timezone(dt.timedelta(hours=3))
CLOSED_AT: Final = dt.time(19)
FIRST_YEAR: Final = 2015
_HOLIDAYS: Final = frozenset({(1, 1), (1, 2), (1, 7), (2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4), (12, 31)})


@cache
def days_of(year: int) -> tuple[dt.date, ...]:
    first = dt.date(year, 1, 1)
    days = (first + dt.timedelta(days=number) for number in range(366))
    return tuple(
        day for day in days if day.year == year and day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS
    )


@cache
def first_of(year: int, month: int) -> dt.date:
    return next(day for day in days_of(year) if day.month == month)


def last_closed(now: float) -> dt.date:
    """The day whose closes are known: today only after the session."""
    moment = dt.datetime.fromtimestamp(now, MOSCOW)
    return moment.date() if moment.time() >= CLOSED_AT else moment.date() - dt.timedelta(days=1)
