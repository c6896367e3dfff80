"""Dates as files write them, as keys to sort by; calendars are not checked."""

import re
from collections.abc import Sequence

from services.digits import ascii_digits

Key = tuple[int, int, int, str]

_MONTHS = dict(zip("jan feb mar apr may jun jul aug sep oct nov dec".split(), range(1, 13), strict=True))  # noqa: SIM905 — reads better
_MONTH = "|".join(_MONTHS)
_ISO = re.compile(r"(?P<y>\d{4})[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(?P<y>19\d\d|20\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])", re.ASCII)
_LOCAL = re.compile(r"(?P<a>\d{1,2})(?P<s>[-./])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})", re.ASCII)
_WORDS = re.compile(
    rf"(?P<m>{_MONTH})[a-z]* (?P<d>\d{{1,2}}),? (?P<y>\d{{4}})"
    rf"|(?P<d2>\d{{1,2}})[ -](?P<m2>{_MONTH})[a-z]*[ -](?P<y2>\d{{4}})",
    re.ASCII | re.IGNORECASE,
)
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}.*$", re.ASCII)
_MAX_CHARS = 40


def is_date(cell: str) -> bool:
    day = _TIME.sub("", _shortened(cell))
    return any(pattern.fullmatch(day) for pattern in (_ISO, _COMPACT, _LOCAL, _WORDS))


def date_keys(cells: Sequence[str]) -> list[Key] | None:
    """A sortable key for each cell, or None where one of them is no date.

    `05/06/2020` is read as day/month or month/day, whichever the other lines allow; if both, whichever is in order.
    """
    found = [_split(cell) for cell in cells]
    known = [key for key in found if key is not None]
    if len(known) < len(found):
        return None
    american = [(y, b, a, time) if local else (y, a, b, time) for y, a, b, time, local in known]
    european = [(y, a, b, time) for y, a, b, time, _ in known]
    fits = [keys for keys in (european, american) if all(1 <= key[1] <= 12 for key in keys)]
    for keys in fits:
        if keys in (sorted(keys), sorted(keys, reverse=True)):
            return keys
    return fits[0] if fits else None


def _split(cell: str) -> tuple[int, int, int, str, bool] | None:
    """Year, month, day, time of day and whether month and day may have changed places."""
    text = _shortened(cell)
    time = found.group().strip("T ") if (found := _TIME.search(text)) else ""
    day = _TIME.sub("", text)
    if match := _ISO.fullmatch(day) or _COMPACT.fullmatch(day):
        return int(match["y"]), int(match["m"]), int(match["d"]), time, False
    if match := _LOCAL.fullmatch(day):
        year = int(match["y"])
        year += (2000 if year < 70 else 1900) if year < 100 else 0
        return year, int(match["b"]), int(match["a"]), time, match["s"] != "."
    if match := _WORDS.fullmatch(day):
        month = (match["m"] or match["m2"]).lower()
        return int(match["y"] or match["y2"]), _MONTHS[month], int(match["d"] or match["d2"]), time, False
    return None


def _shortened(cell: str) -> str:
    return ascii_digits(cell.strip()[:_MAX_CHARS])
