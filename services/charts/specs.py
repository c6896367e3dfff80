"""What a chart shows, with every text in the reader's language."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from services.numbers import in_powers, is_plain

Write: TypeAlias = Callable[[float], str]  # a number on an axis, as the reader writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisNumbers:
    """A `Write` that can be sent to another process."""

    decimals: int
    point: str
    group: str

    def __call__(self, value: float) -> str:
        if not is_plain(value, self.decimals):
            return in_powers(value, self.point)
        places = {",": self.group, ".": self.point}
        return "".join(places.get(sign, sign) for sign in f"{value:,.{self.decimals}f}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """`share` from 0 to 1; `text` stands beside the bar, such as `98 %`."""

    label: str
    share: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Shares of classes, in the order they are drawn; the first is highlighted."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    title: str
    values: tuple[float, ...]
    x_label: str
    write: Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A history followed by what is predicted: `low`, `middle` and `high` of equal length, in steps of the history.
    Step 0 is the history's last value; without a history the band begins at step 1."""

    title: str
    history: tuple[float, ...]
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]
    history_label: str
    middle_label: str
    band_label: str
    x_label: str
    write: Write


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A value for each label; `heading` stands above the columns."""

    heading: str
    values: tuple[float, ...]
    write: Write


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnPanels:
    """Panels one below the other that share their labels, such as days; the last column is highlighted."""

    title: str
    labels: tuple[str, ...]
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPoint:
    """Of forecasts that said about `stated` the share that `came`, and the ends of its interval; all from 0 to 1."""

    stated: float
    came: float
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How often it came, by what was said; on the diagonal where the two agree. `write` takes per cent."""

    title: str
    points: tuple[CalibrationPoint, ...]
    x_label: str
    y_label: str
    write: Write


Chart: TypeAlias = Bars | Line | Band | ColumnPanels | Calibration
