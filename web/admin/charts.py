"""Bars of numbers by day, reckoned here and drawn as SVG by the page: no script is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from i18n.payments import money_of_currency
from i18n.translator import Translator
from services.money import rub
from services.reports.statistics import Numbers

WIDTH, HEIGHT = 600, 150  # of the drawing
GAP: Final = 0.25  # of a bar's place


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBar:
    """In units of the drawing; `said`: the day and the number."""

    x: float
    y: float
    width: float
    height: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`highest`: the number at the top; `rows`: day and number, as a table tells them."""

    name: str
    title: str
    highest: str
    first: str
    last: str
    bars: Sequence[ChartBar]
    rows: Sequence[tuple[str, str]]


def bar_chart(name: str, title: str, days: Sequence[str], values: Sequence[float], said: Sequence[str]) -> Chart:
    """`said`: the values in words."""
    most, place = max(values, default=0.0) or 1.0, WIDTH / max(1, len(values))
    bars = [
        ChartBar(
            x=round(i * place + place * GAP / 2, 2),
            y=round(HEIGHT * (1 - value / most), 2),
            width=round(place * (1 - GAP), 2),
            height=round(HEIGHT * value / most, 2),
            said=f"{day}: {words}",
        )
        for i, (day, value, words) in enumerate(zip(days, values, said, strict=True))
    ]
    highest = said[values.index(max(values))] if values else ""
    rows = list(zip(days, said, strict=True))
    return Chart(name=name, title=title, highest=highest, first=days[0], last=days[-1], bars=bars, rows=rows)


def charts_of(numbers: Numbers, tr: Translator) -> list[Chart]:
    days = [f"{day.date:%d.%m}" for day in numbers.days]
    charts = []
    for money in numbers.revenue or (rub(0),):
        came = [money_of_currency(day.revenue, money.currency) for day in numbers.days]
        title = tr.gettext("Revenue: {amount}", amount=tr.money(money))
        said = [tr.money(each) for each in came]
        charts.append(bar_chart(f"revenue-{money.currency}", title, days, [float(each.minor) for each in came], said))
    title = tr.gettext("Spent: {credits}", credits=tr.credits(numbers.spent))
    spent = [day.spent for day in numbers.days]
    charts.append(
        bar_chart("spent", title, days, [float(each) for each in spent], [tr.credits(each) for each in spent])
    )
    title = tr.gettext("Predictions: {count}", count=numbers.predictions)
    sold = [day.predictions for day in numbers.days]
    charts.append(bar_chart("sold", title, days, [float(each) for each in sold], [tr.number(each, 0) for each in sold]))
    return charts
