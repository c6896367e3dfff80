"""Splits divided out of closes, and jumps that no split explains. A price falls to before / after of itself when
`after` papers take the place of `before`."""

import datetime as dt
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from services.market.prices import PriceJump, StockSplit

Priced = tuple[dt.date, float]
NEAR: Final = math.log(1.5)
"""How far a day's own change may take a split from its ratio."""
FALL: Final = 0.5
RISE: Final = 2.0
EARLY: Final = dt.timedelta(days=3)
LATE: Final = dt.timedelta(days=10)
"""Around its day in the table: trading stops for a split."""


def adjust(closes: Sequence[Priced], splits: Sequence[StockSplit]) -> tuple[list[Priced], list[StockSplit]]:
    """Closes before each split that the series shows, divided by its ratio, and those splits with the days on which the
    price changed. What is already divided out by the provider shows none."""
    believed: dict[int, StockSplit] = {}  # by the place of the first close after it
    for split in splits:
        place = _place(closes, split)
        if place is not None and place not in believed:
            believed[place] = StockSplit(day=closes[place][0], before=split.before, after=split.after)
    adjusted: list[Priced] = []
    before, after = 1, 1  # whole numbers: what is divided twice is rounded once
    for place in range(len(closes) - 1, -1, -1):
        day, close = closes[place]
        adjusted.append((day, close * before / after))
        if place in believed:
            before, after = before * believed[place].before, after * believed[place].after
    return adjusted[::-1], [believed[place] for place in sorted(believed)]


def find_jumps(closes: Sequence[Priced]) -> list[PriceJump]:
    """Falls by more than half and rises to more than double, between neighbouring closes."""
    changes = ((day, close / before) for (_, before), (day, close) in pairwise(closes))
    return [PriceJump(day=day, change=change - 1) for day, change in changes if not FALL <= change <= RISE]


def _place(closes: Sequence[Priced], split: StockSplit) -> int | None:
    """Of the close that is the first after it; None where no change near its day looks like it."""
    if split.before <= 0 or split.after <= 0 or split.before == split.after:
        return None
    expected = math.log(split.before) - math.log(split.after)
    fitting: list[tuple[dt.timedelta, float, int]] = []
    for place in range(1, len(closes)):
        if not split.day - EARLY <= closes[place][0] <= split.day + LATE:
            continue
        change = math.log(closes[place][1]) - math.log(closes[place - 1][1])
        distance = abs(change - expected)
        small = abs(expected) < NEAR  # a change of every month looks like it: on its very day only, and not far off
        if small and (closes[place][0] != split.day or distance >= abs(expected) / 2):
            continue
        if distance < min(NEAR, abs(change)):
            fitting.append((abs(closes[place][0] - split.day), distance, place))
    return min(fitting)[2] if fitting else None
