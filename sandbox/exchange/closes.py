"""What a paper closed at: a function of the paper and the day, and of nothing else."""

import csv
import datetime as dt
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from sandbox.exchange.days import FIRST_YEAR, days_of, first_of
from sandbox.exchange.papers import PAPERS, Paper

EVENT_MONTH: Final = 7
QUIET_MONTH: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRow:
    day: dt.date
    before: int
    after: int


def closes(paper: Paper, first: dt.date, last: dt.date) -> list[tuple[dt.date, float | None]]:
    """Rows of trading days, both included; None is a day without trades."""
    years = range(max(first.year, FIRST_YEAR), last.year + 1)
    return [row for year in years for row in _rows_of(paper.secid, year) if first <= row[0] <= last]


@cache
def _rows_of(secid: str, year: int) -> tuple[tuple[dt.date, float | None], ...]:
    paper = PAPERS[secid]
    days = [day for day in days_of(year) if paper.is_traded(day)]
    told = [(day, silence) for day in days if (silence := _silence(paper, day)) is not False]
    return tuple((day, None if silence else _close(paper, day)) for day, silence in told)


def splits(paper: Paper, last: dt.date) -> list[SplitRow]:
    if paper.ratio is None:
        return []
    before, after = paper.ratio
    found = []
    for year in range(FIRST_YEAR, last.year + 1):
        day = first_of(year, EVENT_MONTH)
        if day <= last and paper.is_traded(day):
            ratio = (before, after) if year % 2 == 0 else (after, before)
            found.append(SplitRow(day=day, before=ratio[0], after=ratio[1]))
    return found


def _close(paper: Paper, day: dt.date) -> float:
    level = _levels(paper.secid, day.year)[_places(day.year)[day]]
    if _after_event(day):
        before, after = paper.ratio or (1, 1)
        level *= paper.jump * before / after
    return round(level, paper.decimals)


def _after_event(day: dt.date) -> bool:
    """From July of an even year to July of the odd one."""
    year = day.year if day >= first_of(day.year, EVENT_MONTH) else day.year - 1
    return year % 2 == 0


def _silence(paper: Paper, day: dt.date) -> bool | None:
    """None: there is a close. True: a row without one. False: no row."""
    empty, missing = paper.quiet
    days, of = paper.trades
    if _places(day.year)[day] % of >= days:
        return True
    if not empty:
        return None
    number = _places(day.year)[day] - _places(day.year)[first_of(day.year, QUIET_MONTH)]
    if number < 0 or number >= empty + missing:
        return None
    return number < empty


@cache
def _places(year: int) -> dict[dt.date, int]:
    return {day: number for number, day in enumerate(days_of(year))}


def _levels(secid: str, year: int) -> tuple[float, ...]:
    for earlier in range(FIRST_YEAR, year):
        _levels_of(secid, earlier)  # each stands on the one before: never deep
    return _levels_of(secid, year)


@cache
def _levels_of(secid: str, year: int) -> tuple[float, ...]:
    paper = PAPERS[secid]
    if paper.index:
        return _index_levels(paper.index, year)
    chance = random.Random(f"{secid} {year}")  # noqa: S311 - the same prices each time
    level = paper.price if year == FIRST_YEAR else _levels_of(secid, year - 1)[-1]
    found = []
    for _ in days_of(year):
        back = 0.004 * math.log(paper.price / level)  # home in some years: no paper dies, none grows into the sky
        level *= math.exp(chance.gauss(back, paper.swing))
        found.append(level)
    return tuple(found)


def _index_levels(file: str, year: int) -> tuple[float, ...]:
    """The index's returns go round and round."""
    history = _history(file)
    steps = len(history) - 1
    start = sum(len(days_of(earlier)) for earlier in range(FIRST_YEAR, year))
    found = []
    for number in range(start, start + len(days_of(year))):
        rounds, place = divmod(number, steps)
        found.append(history[place] * (history[-1] / history[0]) ** rounds)
    return tuple(found)


@cache
def _history(file: str) -> Sequence[float]:
    with (Path(__file__).parent / file).open(encoding="utf-8", newline="") as lines:
        return tuple(float(row["close"]) for row in csv.DictReader(lines))
