"""Days as filters of lists take them."""

from datetime import date, datetime, time, timedelta

from i18n.translator import Translator


def first_moment(text: str, tr: Translator) -> datetime | None:
    """Of a day such as 2026-11-27, where the shop is; None for what is no day."""
    day = _day(text)
    return None if day is None else datetime.combine(day, time.min, tr.zone)


def moment_after(text: str, tr: Translator) -> datetime | None:
    """When that day is over."""
    day = _day(text)
    return None if day is None else datetime.combine(day + timedelta(days=1), time.min, tr.zone)


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None
