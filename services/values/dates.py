"""Dates as files write them, as keys to sort by; calendars are not checked."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from services.digits import ascii_digits

Key = tuple[int, str]  # YYYYMMDD, time of day

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
    days, times = [], []
    for cell in cells:
        if (found := _split(cell)) is None:
            return None
        days.append(found.day)
        times.append(found.time)
    fits = [keys for keys in (_keys(days, european=True), _keys(days, european=False)) if keys is not None]
    timed = [list(zip(keys, times, strict=True)) for keys in fits]
    for keys in timed:
        if _is_ordered(keys):
            return keys
    return timed[0] if timed else None


def _keys(days: Sequence[int], *, european: bool) -> list[int] | None:
    """Year, month and day in one number, or None where a month is none."""
    keys = []
    for day in days:
        year, middle, last, local = day // 1_000_000, day // 10_000 % 100, day // 100 % 100, day % 100
        month, date = (last, middle) if local and not european else (middle, last)
        if not 1 <= month <= 12:
            return None
        keys.append(year * 10_000 + month * 100 + date)
    return keys


def _is_ordered(keys: Sequence[Key]) -> bool:
    return all(a <= b for a, b in pairwise(keys)) or all(a >= b for a, b in pairwise(keys))


class _Split(NamedTuple):
    """`day` is YYYYMMDDLL in digits; LL tells whether month and day may have changed places. `time` is of day."""

    day: int
    time: str


def _split(cell: str) -> _Split | None:
    text = _shortened(cell)
    time = found.group().strip("T ") if (found := _TIME.search(text)) else ""
    day = _TIME.sub("", text)
    if match := _ISO.fullmatch(day) or _COMPACT.fullmatch(day):
        return _packed(match["y"], match["m"], match["d"], time)
    if match := _LOCAL.fullmatch(day):
        year = int(match["y"])
        year += (2000 if year < 70 else 1900) if year < 100 else 0
        return _packed(year, match["b"], match["a"], time, local=match["s"] != ".")
    if match := _WORDS.fullmatch(day):
        month = (match["m"] or match["m2"]).lower()
        return _packed(match["y"] or match["y2"], _MONTHS[month], match["d"] or match["d2"], time)
    return None


def _shortened(cell: str) -> str:
    return ascii_digits(cell.strip()[:_MAX_CHARS])


def _packed(year: str | int, month: str | int, day: str | int, time: str, *, local: bool = False) -> _Split:
    return _Split(int(year) * 1_000_000 + int(month) * 10_000 + int(day) * 100 + local, time)
