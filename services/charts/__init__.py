"""Charts as PNG bytes, sized for a phone. Texts come in ready: this package knows no language.

A process of its own draws them, and goes when nobody wants charts for a while: what drawing imports is 45 MB.
"""

from services.charts.painter import DrawingFailed, Painter
from services.charts.specs import (
    AxisNumbers,
    Band,
    Bar,
    Bars,
    Calibration,
    CalibrationPoint,
    Chart,
    ColumnPanels,
    Line,
    Panel,
)

__all__ = [
    "AxisNumbers",
    "Band",
    "Bar",
    "Bars",
    "Calibration",
    "CalibrationPoint",
    "Chart",
    "ColumnPanels",
    "DrawingFailed",
    "Line",
    "Panel",
    "draw",
    "expect",
]

_painter = Painter()


def draw(chart: Chart) -> bytes:
    """PNG bytes, 1080 points wide. Takes some 100 ms, and a second where the process has to start: call it in a thread.
    Raises DrawingFailed."""
    return _painter.draw(chart)


def expect() -> None:
    """A chart will be wanted soon: the process starts, so that nobody waits for its imports. Call it in a thread."""
    _painter.start()
