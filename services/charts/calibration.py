"""How often it came, by what was said."""

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from services.charts.sheet import (
    ACCENT,
    FONT,
    GRID,
    INK,
    MARGIN,
    MUTED,
    SMALL,
    SOFT,
    WIDTH,
    bare_axes,
    clean,
    sheet,
    wrapped,
)
from services.charts.specs import Calibration

HEIGHT, FOOT, LEFT = 900, 124, 150  # dots


def calibration(chart: Calibration) -> Figure:
    head = 150 + 44 * (len(wrapped(chart.title)) - 1)
    figure = sheet(chart.title, HEIGHT)
    style = FONT | {"fontsize": SMALL, "color": MUTED}
    figure.text(MARGIN / WIDTH, 1 - (head - 36) / HEIGHT, clean(chart.y_label), **style)
    place = (LEFT / WIDTH, FOOT / HEIGHT, (WIDTH - LEFT - MARGIN) / WIDTH, (HEIGHT - head - FOOT) / HEIGHT)
    axes = bare_axes(figure, place)
    axes.grid(axis="x", color=GRID, lw=1.4)
    axes.plot([0, 100], [0, 100], color=MUTED, lw=2, ls=(0, (4, 4)))
    for point in chart.points:
        axes.plot(
            [point.stated * 100] * 2, [point.low * 100, point.high * 100], color=SOFT, lw=9, solid_capstyle="round"
        )
    for point in chart.points:
        axes.plot(point.stated * 100, point.came * 100, color=ACCENT, marker="o", ms=11, ls="", clip_on=False, zorder=3)
        said = FONT | {"fontsize": SMALL, "color": INK, "ha": "center", "va": "bottom"}
        above = (point.stated * 100, max(point.high, point.came) * 100)
        axes.annotate(str(point.count), above, xytext=(0, 7), textcoords="offset points", **said)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(20))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{chart.write(value)} %"))
    axes.set_xlim(-3, 103)
    axes.set_ylim(-3, 109)
    axes.set_xlabel(clean(chart.x_label), labelpad=8, **style)
    return figure
