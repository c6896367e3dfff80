"""Schedules as cron means them, by the shop's wall clock. APScheduler's own reading of the five fields differs: it
counts days of the week from Monday, wants both days at once where cron wants either, and passes over a moment that the
change to summer time leaves out."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # as cron counts them; 7 is Sunday too
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
TICK: Final = timedelta(microseconds=1)

_NUMBERS = r"(?:\*|{unit}(?:-{unit})?)(?:/[1-9]\d*)?"


def _field(unit: str) -> re.Pattern[str]:
    one = _NUMBERS.format(unit=unit)
    return re.compile(rf"{one}(?:,{one})*", re.ASCII)


_PLAIN, _MONTH = _field(r"\d+"), _field(rf"(?:\d+|{'|'.join(MONTHS)})")
_WEEKDAY = re.compile(
    rf"(?:\*|(?P<first>[0-7]|{'|'.join(WEEKDAYS)})(?:-(?P<last>[0-7]|{'|'.join(WEEKDAYS)}))?)(?:/(?P<step>[1-9]\d*))?",
    re.ASCII,
)


class WallClockCron(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """`calendars`: triggers in UTC that are read as the wall clock's; what any of them says counts."""

    def __init__(self, calendars: tuple[CronTrigger, ...], zone: tzinfo) -> None:
        self._calendars = calendars
        self._zone = zone

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime | None:
        """The first moment that is not before `now`, or after `previous`. A time that the wall clock leaves out comes
        when it goes on, one that it shows twice comes the first time."""
        at = now.astimezone(UTC) if previous is None else previous.astimezone(UTC) + TICK
        wall = _wall((at - TICK).astimezone(self._zone)) + TICK
        while (found := self._next(wall)) is not None:
            moment = self._moment(found)
            if moment >= at:
                return moment
            wall = found + TICK
        return None

    def _next(self, wall: datetime) -> datetime | None:
        found = [calendar.get_next_fire_time(None, wall.replace(tzinfo=UTC)) for calendar in self._calendars]
        return min((each.replace(tzinfo=None) for each in found if each is not None), default=None)

    def _moment(self, wall: datetime) -> datetime:
        there = wall.replace(tzinfo=self._zone)
        moment = there.astimezone(UTC).astimezone(self._zone)
        return moment if _wall(moment) == wall else self._gap_end(there)

    def _gap_end(self, there: datetime) -> datetime:
        """The first moment after a gap: between the time by the offset after it and the time by the one before it."""
        early, late = (there.replace(fold=fold).astimezone(UTC) for fold in (1, 0))
        offset = early.astimezone(self._zone).utcoffset()
        while late - early > TICK:
            middle = early + (late - early) // 2
            if middle.astimezone(self._zone).utcoffset() == offset:
                early = middle
            else:
                late = middle
        return late.astimezone(self._zone)


def _wall(at: datetime) -> datetime:
    """What the clock on the wall shows."""
    return at.replace(tzinfo=None, fold=0)


def parse_cron(text: str, zone: tzinfo) -> WallClockCron:
    """The five fields of cron. Raises `ValueError` for what cron does not know, and for what cannot be honoured."""
    fields = text.lower().split()
    if len(fields) != 5:
        raise ValueError(f"five fields are expected, not {len(fields)}")
    minute, hour, day, month, weekday = fields
    for field, known in ((minute, _PLAIN), (hour, _PLAIN), (day, _PLAIN), (month, _MONTH)):
        if not known.fullmatch(field):
            raise ValueError(f"{field!r} is not understood")
    weekdays = _weekdays(weekday)
    # Cron's own rule: where both days are named, either will do; a field that begins with a star names none.
    either = not (day.startswith("*") or weekday.startswith("*"))
    days = ((day, "*"), ("*", weekdays)) if either else ((day, weekdays),)
    calendars = tuple(
        CronTrigger(minute=minute, hour=hour, day=on, month=month, day_of_week=week, timezone=UTC) for on, week in days
    )
    return WallClockCron(calendars, zone)


def next_fire(cron: str, zone: tzinfo) -> Callable[[datetime], datetime | None]:
    """The first moment of a schedule that is not before the given one, if there is any."""
    trigger = parse_cron(cron, zone)
    return lambda at: trigger.get_next_fire_time(None, at)


def _weekdays(field: str) -> str:
    """The days by name, one by one: APScheduler counts numbers and ranges from Monday."""
    days: set[int] = set()
    for part in field.split(","):
        found = _WEEKDAY.fullmatch(part)
        if found is None:
            raise ValueError(f"{part!r} names no days of the week")
        days.update(_days(found))
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def _days(part: re.Match[str]) -> set[int]:
    step = int(part["step"] or 1)
    if part["first"] is None:
        return set(range(0, 7, step))
    first = _weekday(part["first"])
    last = first if part["last"] is None and part["step"] is None else _weekday(part["last"] or "sat")
    if last == 0 and first > 0:  # a week may end with Sunday as well as begin with it
        last = 7
    if last < first:
        raise ValueError(f"{part[0]!r} ends before it begins")
    return {day % 7 for day in range(first, last + 1, step)}


def _weekday(text: str) -> int:
    return int(text) if text.isdigit() else WEEKDAYS.index(text)
