"""Daily closes and the windows of them: a year that is known, and the month that followed."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from arch.data import default, nasdaq, sp500, wti

WINDOW, HORIZON, YEAR = 253, 21, 252  # closes that come in, days ahead, trading days
FALL = float(np.log(1 - 0.05))
LEVELS = (0.05, 0.5, 0.95)
SOLD = ("sp500", "nasdaq")
"""What the figures are of; crude oil is learned from, too."""

Array = npt.NDArray[np.float64]
Day = np.datetime64


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    days: npt.NDArray[np.datetime64]
    values: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """One row per day and asset; everything after that day is the answer. Returns are of logarithms."""

    prices: Array  # [N, 253]
    returns: Array  # [N, 252] of the days before, the newest first
    path: Array  # [N, 21] from that day's close to each of the next ones
    days: npt.NDArray[np.datetime64]  # [N]

    @property
    def lowest(self) -> Array:
        """Of the closes that follow, from that day's."""
        result: Array = self.path.min(axis=1)
        return result

    @property
    def final(self) -> Array:
        return self.path[:, -1]

    @property
    def fell(self) -> Array:
        """1.0 when one of the next 21 closes is 5 % or more below that day's."""
        return (self.lowest <= FALL).astype(float)

    @property
    def variance(self) -> Array:
        """What came: the mean squared daily return of the next 21 days."""
        result: Array = (np.diff(self.path, axis=1, prepend=0.0) ** 2).mean(axis=1)
        return result

    @property
    def quarters(self) -> npt.NDArray[np.int64]:
        months: npt.NDArray[np.int64] = self.days.astype("datetime64[M]").astype(int)
        return months // 3


@cache
def closes(name: str) -> Closes:
    """`sp500`, `nasdaq`: 1999–2018; `wti`, crude oil: 1986–2018. From the package `arch`."""
    frame, column = {"sp500": (sp500, "Close"), "nasdaq": (nasdaq, "Close"), "wti": (wti, "DCOILWTICO")}[name]
    prices: Any = frame.load()[column].dropna()  # Any: pandas comes without types
    return Closes(days=prices.index.to_numpy().astype("datetime64[D]"), values=prices.to_numpy(float))


def windows(name: str, since: Day | None, until: Day | None) -> Windows:
    """Days from `since` whose answer is known before `until`: no answer reaches over a border."""
    days, values = closes(name).days, closes(name).values
    last = np.arange(WINDOW - 1, len(values) - HORIZON)
    if since is not None:
        last = last[days[last] >= since]
    if until is not None:
        last = last[days[last + HORIZON] < until]
    prices = values[last[:, None] + np.arange(1 - WINDOW, 1)]
    path = np.log(values[last[:, None] + np.arange(1, HORIZON + 1)] / values[last][:, None])
    return Windows(prices=prices, returns=np.diff(np.log(prices), axis=1)[:, ::-1], path=path, days=days[last])


def pooled(names: tuple[str, ...], since: Day | None, until: Day | None) -> Windows:
    parts = [windows(name, since, until) for name in names]
    return Windows(**{key: np.concatenate([getattr(part, key) for part in parts]) for key in Windows.__slots__})


def default_spread(days: npt.NDArray[np.datetime64]) -> Array:
    """Of the month before the last, in per cent: yields of BAA over those of AAA, as an economic indicator."""
    frame: Any = default.load()  # Any: as above
    months = frame.index.to_numpy().astype("datetime64[M]")
    spread = (frame["BAA"] - frame["AAA"]).to_numpy(float)
    found = np.searchsorted(months, days.astype("datetime64[M]") - np.timedelta64(2, "M"), side="right") - 1
    result: Array = spread[found]
    return result
