"""Columns, such as sums by day."""

from typing import Final

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from services.charts.sheet import ACCENT, DPI, FONT, INK, MARGIN, SOFT, TEXT, WIDTH, bare_axes, clean, sheet, wrapped
from services.charts.specs import ColumnPanels, Panel

PANEL, GAP, FOOT = 300, 76, 8  # dots: of a panel with its heading, for labels below it, at the end
TICKS: Final = 6


def columns(chart: ColumnPanels) -> Figure:
    head = 104 + 44 * (len(wrapped(chart.title)) - 1)
    height = head + (PANEL + GAP) * len(chart.panels) + FOOT
    figure = sheet(chart.title, height)
    digits = max(len(panel.write(value)) for panel in chart.panels for value in (*panel.values, 0.0))
    for number, panel in enumerate(chart.panels):
        _draw(figure, panel, chart.labels, top=head + (PANEL + GAP) * number, left=60 + 17 * digits)
    return figure


def _draw(figure: Figure, panel: Panel, labels: tuple[str, ...], *, top: int, left: int) -> None:
    """`top` and `left` in dots from the corner."""
    height = figure.get_figheight() * DPI
    style = FONT | {"fontsize": TEXT, "color": INK, "va": "top"}
    figure.text(MARGIN / WIDTH, 1 - top / height, clean(panel.heading), **style)
    room = PANEL - 60
    place = (left / WIDTH, 1 - (top + PANEL) / height, (WIDTH - left - MARGIN) / WIDTH, room / height)
    axes = bare_axes(figure, place)
    steps = range(len(panel.values))
    axes.bar(steps, panel.values, width=0.72, color=[SOFT] * (len(panel.values) - 1) + [ACCENT])
    axes.set_ylim(0, max(*panel.values, 0.0) * 1.08 or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: panel.write(value)))
    shown = list(steps)[:: -max(1, -(-len(panel.values) // TICKS))]  # from the last one back
    axes.set_xticks(shown, [clean(labels[step]) for step in shown])
    axes.margins(x=0.01)
