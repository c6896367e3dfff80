"""Months of the calendar, in UTC."""

from calendar import monthrange
from datetime import UTC, datetime


def end_of_months(start: datetime, months: int, *, anchor_day: int) -> datetime:
    """The anchor day of a later month, or its last day where it is shorter, at the hour at which `start` is: from 31
    January 28 February, from there 31 March."""
    start = start.astimezone(UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(anchor_day, monthrange(year, month + 1)[1])
    return start.replace(year=year, month=month + 1, day=day)
