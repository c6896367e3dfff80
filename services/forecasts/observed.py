"""What is looked for in a series of closes, and what is found there."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Of one forecast: the last day that it knew, and how many closes after it count."""

    last_day: dt.date
    horizon: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """`worst` and `change` in per cent of the close of the last day: to the lowest close within the horizon (at most 0
    where none was below, else what rose least) and to the one at its end, `until`."""

    worst: float
    change: float
    until: dt.date


class NoSuchDay(Exception):
    """The series has no close of the last day."""
