"""How good forecasts were: figures of sums. Intervals are Wilson's, of forecasts taken as independent; those of
neighbouring weeks are not, for their windows overlap, and whoever shows the figures says so."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.forecasts.bins import BINS

ENOUGH: Final = 30
"""Judged forecasts; with fewer it is too early to say anything."""
EVENTS: Final = ("drawdown", "below", "inside")
Z: Final = 1.959963984540054  # of 95 %


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums of judged outcomes of one name that are alike in everything else. `horizon` in trading days; `bin`: of a
    probability."""

    name: str
    event: str
    output: str
    measure: float
    horizon: int
    bin: int | None
    count: int
    came: int
    stated: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of `count` so many `came`; `low` and `high` are the ends of a 95 % interval of that share."""

    count: int
    came: int

    @property
    def share(self) -> float:
        return self.came / self.count if self.count else 0.0

    @property
    def low(self) -> float:
        return wilson(self.came, self.count)[0]

    @property
    def high(self) -> float:
        return wilson(self.came, self.count)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationBin(Share):
    """Forecasts of about one probability; `stated` is their mean."""

    stated: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeFigures(Share):
    """`score`: the mean; `base_score`: the Brier score of who always says the share that came; None but for a
    probability. `bins`: those with forecasts."""

    name: str
    event: str
    output: str
    measure: float
    horizon: int
    score: float
    base_score: float | None = None
    bins: Sequence[CalibrationBin] = field(default=())

    @property
    def skill(self) -> float | None:
        """By which share the score is better than the base rate's; None where that one never errs."""
        return None if not self.base_score else 1 - self.score / self.base_score

    @property
    def is_enough(self) -> bool:
        return self.count >= ENOUGH


def figures_of(tallies: Iterable[Tally]) -> list[OutcomeFigures]:
    """By what was declared, probabilities first."""
    groups: dict[tuple[str, str, str, float, int], list[Tally]] = {}
    for tally in tallies:
        key = (tally.name, tally.event, tally.output, tally.measure, tally.horizon)
        groups.setdefault(key, []).append(tally)
    return [_figures(groups[key]) for key in sorted(groups, key=lambda key: (EVENTS.index(key[1]), key))]


def _figures(tallies: Sequence[Tally]) -> OutcomeFigures:
    first, count = tallies[0], sum(tally.count for tally in tallies)
    came = sum(tally.came for tally in tallies)
    is_probability = first.event == "drawdown"
    return OutcomeFigures(
        name=first.name,
        event=first.event,
        output=first.output,
        measure=first.measure,
        horizon=first.horizon,
        count=count,
        came=came,
        score=math.fsum(tally.score for tally in tallies) / count,
        base_score=came / count * (1 - came / count) if is_probability else None,
        bins=_bins(tallies) if is_probability else (),
    )


def _bins(tallies: Sequence[Tally]) -> list[CalibrationBin]:
    bins = []
    for number in range(BINS):
        mine = [tally for tally in tallies if tally.bin == number]
        if (count := sum(tally.count for tally in mine)) > 0:
            stated = math.fsum(tally.stated for tally in mine) / count
            bins.append(CalibrationBin(count=count, came=sum(tally.came for tally in mine), stated=stated))
    return bins


def wilson(came: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if count == 0:
        return 0.0, 1.0
    share, spread = came / count, Z * Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    low = 0.0 if came == 0 else max(0.0, middle - half)
    high = 1.0 if came == count else min(1.0, middle + half)
    return low, high
