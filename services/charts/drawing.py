"""Drawing with matplotlib's objects: no pyplot, no global figure, nothing kept afterwards."""

import threading
from typing import cast

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from services.charts.calibration import calibration
from services.charts.columns import columns
from services.charts.sheet import (
    ACCENT,
    DPI,
    FONT,
    INK,
    LABEL_CHARS,
    MARGIN,
    MUTED,
    SMALL,
    SOFT,
    TEXT,
    TRACK,
    WIDTH,
    bare_axes,
    clean,
    cut,
    png,
    sheet,
    wrapped,
)
from services.charts.specs import Band, Bars, Calibration, Chart, ColumnPanels, Line, Write

_one_at_a_time = threading.Lock()  # matplotlib's caches of fonts and glyphs are shared and not meant for threads


def draw(chart: Chart) -> bytes:
    """PNG bytes, 1080 points wide. Takes some 100 ms of CPU: call it in a thread."""
    with _one_at_a_time:
        match chart:
            case Bars():
                figure = _bars(chart)
            case Line():
                figure = _line(chart)
            case Band():
                figure = _band(chart)
            case ColumnPanels():
                figure = columns(chart)
            case Calibration():
                figure = calibration(chart)
        return png(figure)


def _bars(chart: Bars) -> Figure:
    step = 84 if len(chart.bars) <= 6 else 64
    head, foot = 104 + 44 * (len(wrapped(chart.title)) - 1), 32
    height = head + step * len(chart.bars) + foot
    figure = sheet(chart.title, height)
    axes = figure.add_axes((0, foot / height, 1, step * len(chart.bars) / height))
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(len(chart.bars) - 0.5, -0.5)
    left, right = _write_bars(axes, chart)
    for y, bar in enumerate(chart.bars):
        end = left + (right - left) * min(max(bar.share, 0.0), 1.0)
        axes.plot([left, right], [y, y], color=TRACK, lw=15, solid_capstyle="round")
        axes.plot([left, end], [y, y], color=SOFT if y else ACCENT, lw=15, solid_capstyle="round")
    return figure


def _write_bars(axes: Axes, chart: Bars) -> tuple[float, float]:
    """Labels on the left, shares on the right; returns from where to where the bars may go."""
    renderer = FigureCanvasAgg(cast(Figure, axes.figure)).get_renderer()  # type: ignore[no-untyped-call]  # as above
    left, right = 0.0, float(WIDTH)
    for y, bar in enumerate(chart.bars):
        style = FONT | {"fontsize": TEXT, "color": INK, "va": "center", "weight": "normal" if y else "bold"}
        label = axes.text(MARGIN, y, cut(bar.label, LABEL_CHARS), **style)
        share = axes.text(WIDTH - MARGIN, y, clean(bar.text), ha="right", **style)
        left = max(left, label.get_window_extent(renderer).x1)
        right = min(right, share.get_window_extent(renderer).x0)
    return left + 44, right - 44


def _line(chart: Line) -> Figure:
    figure = sheet(chart.title, 660)
    axes = _plot_axes(figure, chart.title, chart.x_label, chart.write, chart.values)
    steps = range(1, len(chart.values) + 1)
    axes.plot(steps, chart.values, color=ACCENT, lw=3.2, solid_capstyle="round", solid_joinstyle="round")
    if len(chart.values) <= 40:
        axes.plot(steps, chart.values, color=ACCENT, ls="", marker="o", ms=7)
    return figure


def _band(chart: Band) -> Figure:
    figure = sheet(chart.title, 760)
    shown = (*chart.history, *chart.low, *chart.high)
    axes = _plot_axes(figure, chart.title, chart.x_label, chart.write, shown, ends=True)
    today = chart.history[-1:]
    steps = range(0 if today else 1, len(chart.middle) + 1)
    low, middle, high = today + chart.low, today + chart.middle, today + chart.high
    past = range(1 - len(chart.history), 1)
    history = axes.plot(
        past, chart.history, color=INK, lw=2.6, solid_joinstyle="round", label=clean(chart.history_label)
    )
    axes.plot([0][: len(today)], today, color=INK, marker="o", ms=8, ls="")
    expected = axes.plot(steps, middle, color=ACCENT, lw=3.4, solid_capstyle="round", label=clean(chart.middle_label))
    band = axes.fill_between(steps, low, high, color=SOFT, alpha=0.45, lw=0, label=clean(chart.band_label))
    axes.set_xticks([*_past_ticks(len(chart.history)), len(chart.middle)])
    for values in (low, middle, high):
        _write_end(axes, chart.write(values[-1]), steps[-1], values[-1], bold=values is middle)
    _legend(figure, [*(history if today else ()), *expected, band])
    return figure


def _past_ticks(length: int) -> list[float]:
    return [tick for tick in MaxNLocator(4, integer=True).tick_values(1 - length, 0) if 1 - length <= tick <= 0]


def _write_end(axes: Axes, text: str, x: float, y: float, *, bold: bool) -> None:
    """A number to the right of where a curve ends."""
    style = FONT | {"fontsize": SMALL, "color": ACCENT if bold else MUTED, "weight": "bold" if bold else "normal"}
    axes.annotate(text, (x, y), xytext=(8, 0), textcoords="offset points", va="center", annotation_clip=False, **style)


def _legend(figure: Figure, handles: list[Artist]) -> None:
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=3,
        frameon=False,
        prop={"family": "DejaVu Sans", "size": SMALL},
        labelcolor=INK,
        bbox_to_anchor=(0.5, 0.005),
        handlelength=1.3,
        columnspacing=1.6,
    )


def _plot_axes(
    figure: Figure, title: str, x_label: str, write: Write, values: tuple[float, ...], *, ends: bool = False
) -> Axes:
    """Axes below the title, with a light grid and room for the numbers on the left; with `ends` also for numbers on the
    right and a legend below."""
    height = figure.get_figheight() * DPI
    widest = max(len(write(value)) for value in (min(values), max(values)))
    top = 104 + 44 * (len(wrapped(title)) - 1)
    bottom = 168 if ends else 112
    left, right = 60 + 17 * widest, (40 + 17 * widest) if ends else 48
    place = (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - top - bottom) / height)
    axes = bare_axes(figure, place)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+.0f}".replace("-", "−") if value else "0"))
    axes.set_xlabel(clean(x_label), fontsize=SMALL, color=MUTED, labelpad=8, **FONT)
    axes.margins(x=0.02, y=0.08)
    return axes
