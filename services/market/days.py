"""Days of the exchange. Moscow keeps one time all year."""

import datetime as dt
from typing import Final

MOSCOW: Final = dt.timezone(dt.timedelta(hours=3))
CLOSED_AT: Final = dt.time(19)
LATE: Final = dt.timedelta(hours=3)
"""Where the last day is missing (a holiday, or an exchange that is late), it is asked again after so long."""


def today(now: dt.datetime) -> dt.date:
    return now.astimezone(MOSCOW).date()


def last_finished(now: dt.datetime) -> dt.date:
    """The last weekday whose session is over."""
    moment = now.astimezone(MOSCOW)
    day = moment.date() if moment.time() >= CLOSED_AT else moment.date() - dt.timedelta(days=1)
    return day - dt.timedelta(days=max(0, day.weekday() - 4))


def past(now: dt.datetime) -> dt.date:
    """The last weekday before today: of a file nobody knows when its day ends."""
    day = today(now) - dt.timedelta(days=1)
    return day - dt.timedelta(days=max(0, day.weekday() - 4))


def next_close(now: dt.datetime) -> dt.datetime:
    """When the next session will be over."""
    day = last_finished(now) + dt.timedelta(days=1)
    while day.weekday() > 4:
        day += dt.timedelta(days=1)
    return dt.datetime.combine(day, CLOSED_AT, MOSCOW)


def fresh_until(now: dt.datetime, last: dt.date | None) -> dt.datetime:
    """Until when nobody asks again for a series that ends on `last`."""
    close = next_close(now)
    return close if last is not None and last >= last_finished(now) else min(close, now + LATE)


def fresh_for_today(now: dt.datetime, last: dt.date | None) -> dt.datetime:
    """The same of a file, which is asked again every day."""
    midnight = dt.datetime.combine(today(now) + dt.timedelta(days=1), dt.time(), MOSCOW)
    return midnight if last is not None and last >= past(now) else min(midnight, now + LATE)
