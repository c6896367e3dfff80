"""What came, told by a series of closes: many forecasts of one paper at once. No database, no clock."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from services.forecasts.bins import bin_of
from services.forecasts.observed import Anchor, NoSuchDay, Observed
from services.forecasts.said import StatedOutcome

ROUNDING: Final = 1e-9  # per cent: an end belongs to what it ends, whatever floats make of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    came: bool
    observed: float
    score: float
    bin: int | None = None


def observe(
    days: Sequence[dt.date], closes: Sequence[float], anchors: Sequence[Anchor]
) -> list[Observed | NoSuchDay | None]:
    """By anchor; None: its horizon has not passed. `days` ascend. All is told by returns within this one series, so a
    split or a correction of all closes changes nothing."""
    ordinals = np.fromiter((day.toordinal() for day in days), np.int64, len(days))
    values = np.asarray(closes, np.float64)
    wanted = np.fromiter((anchor.last_day.toordinal() for anchor in anchors), np.int64, len(anchors))
    found: list[Observed | NoSuchDay | None] = [None] * len(anchors)
    places = np.searchsorted(ordinals, wanted)
    for horizon in {anchor.horizon for anchor in anchors}:
        mine = [number for number, anchor in enumerate(anchors) if anchor.horizon == horizon]
        lowest = sliding_window_view(values, horizon).min(axis=1) if len(values) >= horizon else values[:0]
        for number in mine:
            at = int(places[number])
            if at == len(ordinals) or ordinals[at] != wanted[number]:
                found[number] = _absent(ordinals, int(wanted[number]))
            elif at + horizon < len(values):
                base = float(values[at])
                found[number] = Observed(
                    worst=_per_cent(float(lowest[at + 1]), base),
                    change=_per_cent(float(values[at + horizon]), base),
                    until=days[at + horizon],
                )
    return found


def observe_start(days: Sequence[dt.date], closes: Sequence[float], anchor: Anchor) -> Observed | None:
    """Of a series that ended within the horizon, or can be believed so far only: what its closes tell."""
    if anchor.last_day not in days:
        return None
    at = days.index(anchor.last_day)
    after = closes[at + 1 : at + 1 + anchor.horizon]
    if not after:
        return None
    worst, change = (_per_cent(float(close), float(closes[at])) for close in (min(after), after[-1]))
    return Observed(worst=worst, change=change, until=days[at + len(after)])


def is_settled(said: StatedOutcome, observed: Observed) -> bool:
    """Whether no later close can change it: a fall that was reached."""
    return said.event == "drawdown" and _fell(said, observed)


def _fell(said: StatedOutcome, observed: Observed) -> bool:
    return observed.worst <= -said.measure * 100 + ROUNDING


def _absent(ordinals: "np.ndarray[tuple[int], np.dtype[np.int64]]", day: int) -> NoSuchDay | None:
    """A day after the last of the series may still come to it."""
    return None if len(ordinals) == 0 or day > int(ordinals[-1]) else NoSuchDay()


def _per_cent(close: float, base: float) -> float:
    return (close / base - 1) * 100


def judge(said: StatedOutcome, last_close: float, observed: Observed) -> Judged:
    """Scores: Brier of a probability; pinball of a quantile, and interval score of a band, in per cent of the last
    close."""
    if said.event == "drawdown":
        assert said.stated is not None
        came = _fell(said, observed)
        return Judged(came=came, observed=observed.worst, score=(said.stated - came) ** 2, bin=bin_of(said.stated))
    if said.event == "below":
        assert said.stated is not None
        miss = observed.change - said.stated
        came = miss < 0
        return Judged(came=came, observed=observed.change, score=miss * (said.measure - came))
    assert said.low is not None
    assert said.high is not None
    low, high = _per_cent(said.low, last_close), _per_cent(said.high, last_close)
    outside = max(low - observed.change, observed.change - high, 0.0)
    score = (high - low) + 2 / (1 - said.measure) * outside
    return Judged(came=outside <= ROUNDING, observed=observed.change, score=score)
