"""Charts as shapes of an SVG picture, in points of 400 × 220; the sheet of styles gives them their colours."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.charts import Band, Bars, Chart, Line
from services.charts.specs import Write

WIDTH: Final = 400.0
HEIGHT: Final = 220.0
TOP: Final = 10.0
BOTTOM: Final = 190.0  # of the frame; below are the numbers of the steps
SIGN: Final = 6.7  # width of a character
MOST_POINTS: Final = 400
TICKS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisMark:
    """A number beside an axis, and where."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """`past`, `middle`, `band`: as `points` of SVG, each perhaps empty; `left`: where the frame begins."""

    title: str
    left: float
    x_label: str
    x_marks: Sequence[AxisMark]
    y_marks: Sequence[AxisMark]
    past: str = ""
    middle: str = ""
    band: str = ""
    legend: Sequence[tuple[str, str]] = ()


def drawn(chart: Chart) -> Bars | Drawn | None:
    """Bars need no picture. None for what has no figure to draw."""
    match chart:
        case Bars():
            return chart
        case Line() if _finite(chart.values):
            return _line(chart)
        case Band() if _finite((*chart.history, *chart.low, *chart.middle, *chart.high)):
            return _band(chart)
    return None


def _line(chart: Line) -> Drawn:
    frame = _Frame.of(1, len(chart.values), chart.values, chart.write)
    return Drawn(
        title=chart.title,
        left=frame.left,
        x_label=chart.x_label,
        x_marks=frame.x_marks(),
        y_marks=frame.y_marks(),
        middle=frame.points(1, chart.values),
    )


def _band(chart: Band) -> Drawn:
    past, steps = chart.history, len(chart.middle)
    first = 1 - len(past) if past else 1
    frame = _Frame.of(first, steps, (*past, *chart.low, *chart.high), chart.write)
    low, middle, high = chart.low, chart.middle, chart.high
    begin = 1
    if past:  # they leave from the last known value
        begin, last = 0, past[-1]
        low, middle, high = (last, *low), (last, *middle), (last, *high)
    edge = [frame.point(begin + step, value) for step, value in reversed(list(enumerate(low)))]
    legend = [("past", chart.history_label)] if past else []
    return Drawn(
        title=chart.title,
        left=frame.left,
        x_label=chart.x_label,
        x_marks=frame.x_marks(),
        y_marks=frame.y_marks(),
        past=frame.points(first, past),
        middle=frame.points(begin, middle),
        band=" ".join([frame.points(begin, high), *edge]),
        legend=[*legend, ("middle", chart.middle_label), ("band", chart.band_label)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """From step `first` to `last`, and from `low` to `high`, which are multiples of `unit`."""

    first: int
    last: int
    low: float
    high: float
    unit: float
    write: Write

    @classmethod
    def of(cls, first: int, last: int, values: Sequence[float], write: Write) -> "_Frame":
        least, most = min(values), max(values)
        if least == most:
            least, most = least - (abs(least) or 1) / 10, most + (abs(most) or 1) / 10
        unit = _round((most - least) / TICKS)
        low, high = math.floor(least / unit) * unit, math.ceil(most / unit) * unit
        return cls(first=first, last=last, low=low, high=high, unit=unit, write=write)

    @property
    def left(self) -> float:
        return 8 + SIGN * max(len(mark.text) for mark in self.y_marks())

    def point(self, step: float, value: float) -> str:
        return f"{self._x(step):.1f},{self._y(value):.1f}"

    def points(self, first: int, values: Sequence[float]) -> str:
        """Of long series each so many-th, and the last."""
        every = max(1, len(values) // MOST_POINTS)
        shown = sorted({*range(0, len(values), every), len(values) - 1} if values else ())
        return " ".join(self.point(first + step, values[step]) for step in shown)

    def y_marks(self) -> list[AxisMark]:
        count = round((self.high - self.low) / self.unit)
        values = [self.low + self.unit * step for step in range(count + 1)]
        return [AxisMark(at=round(self._y(value), 1), text=self.write(value)) for value in values]

    def x_marks(self) -> list[AxisMark]:
        unit = max(1, round(_round((self.last - self.first) / TICKS)))
        steps = [step for step in range(self.first, self.last + 1) if step % unit == 0]
        return [AxisMark(at=round(self._x(step), 1), text=str(step).replace("-", "−")) for step in steps]

    def _x(self, step: float) -> float:
        left = self.left
        return left + (WIDTH - 12 - left) * (step - self.first) / max(1, self.last - self.first)

    def _y(self, value: float) -> float:
        return BOTTOM - (BOTTOM - TOP) * (value - self.low) / (self.high - self.low)


def _round(step: float) -> float:
    """1, 2 or 5 times a power of ten, no smaller than `step`."""
    power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next((power * nice for nice in (1, 2, 5, 10) if power * nice >= step), power * 10)


def _finite(values: Sequence[float]) -> bool:
    return len(values) > 0 and all(math.isfinite(value) for value in values)
