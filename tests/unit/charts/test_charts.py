"""Charts are pictures of a phone's width, whatever is in them; two threads may draw at once."""

import io
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from services.charts import Band, Bar, Bars, Chart, ColumnPanels, Line, Panel
from services.charts.drawing import draw
from services.charts.sheet import ACCENT, SOFT, TRACK

HISTORY = tuple(100 + 10 * math.sin(day / 9) for day in range(120))


def bars(*shares: float, label: str = "класс") -> Bars:
    return Bars(title="Вино", bars=tuple(Bar(label=label, share=s, text=f"{s:.0%}") for s in shares))


def band(history: tuple[float, ...] = HISTORY, days: int = 21, **more: object) -> Band:
    steps = range(1, days + 1)
    texts = {
        "title": "Цена",
        "history_label": "цена",
        "middle_label": "середина",
        "band_label": "полоса",
        "x_label": "дни",
    }
    return Band(
        history=history,
        low=tuple(100 - math.sqrt(n) for n in steps),
        middle=tuple(100 + n / 10 for n in steps),
        high=tuple(100 + math.sqrt(n) for n in steps),
        write=lambda value: f"{value:.1f}",
        **texts | more,  # type: ignore[arg-type]  # texts alone
    )


def line(*values: float) -> Line:
    return Line(title="Спрос", values=values, x_label="шаги", write=lambda value: f"{value:g}")


def columns(*values: float, heading: str = "Выручка", panels: int = 3) -> ColumnPanels:
    panel = Panel(heading=heading, values=values, write=lambda value: f"{value:g}")
    labels = tuple(f"{day:02d}.11" for day in range(len(values)))
    return ColumnPanels(title="30 дней", labels=labels, panels=(panel,) * panels)


LONG = "Очень длинное название, которому в строке места нет " * 5
STRANGE = "🍷 中文 $x_2$ \\alpha <b>&amp;</b>\nновая строка"

CHARTS: dict[str, Chart] = {
    "bars": bars(0.7, 0.2, 0.1),
    "one bar": bars(1.0),
    "shares out of range": bars(1.5, -0.5, 0.0),
    "ten bars": bars(*[0.1] * 10),
    "long labels": bars(0.6, 0.4, label=LONG),
    "strange labels": bars(0.6, 0.4, label=STRANGE),
    "line": line(1, 3, 2),
    "one point": line(5),
    "a flat line": line(2, 2, 2),
    "a long line": line(*[math.sin(n / 50) for n in range(5000)]),
    "large and small": line(1e-9, 1e12),
    "band": band(),
    "band alone": band(()),
    "band of a day": band(days=1),
    "a short history": band((100.0,)),
    "columns": columns(*range(30)),
    "one column": columns(5, panels=1),
    "empty columns": columns(*[0.0] * 90),
    "columns of millions": columns(*[1e9] * 7, heading=STRANGE),
    "long texts": band(title=LONG, history_label=STRANGE, x_label=STRANGE),
}


@pytest.mark.parametrize("name", CHARTS)
def test_drawn(name: str) -> None:
    picture = Image.open(io.BytesIO(draw(CHARTS[name])))
    assert picture.format == "PNG"
    assert picture.width == 1080
    assert 150 < picture.height < 1300


def _count(chart: Chart, colour: str) -> int:
    points = np.asarray(Image.open(io.BytesIO(draw(chart))).convert("RGB"))
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((points == wanted).all(axis=2).sum())


def test_the_bar_shows_the_share() -> None:
    half, most = _count(bars(0.5), ACCENT), _count(bars(0.95), ACCENT)
    assert 1.7 < most / half < 2.1
    assert _count(bars(1.0), TRACK) < _count(bars(0.5), TRACK) / 10


def test_columns_show_their_values() -> None:
    """The last one has a colour of its own."""
    half, whole = columns(2, 1, panels=1), columns(2, 2, panels=1)
    assert 1.9 < _count(whole, ACCENT) / _count(half, ACCENT) < 2.1
    assert 0.95 < _count(whole, ACCENT) / _count(whole, SOFT) < 1.05


def test_the_same_chart_is_the_same_picture() -> None:
    assert draw(band()) == draw(band())


def test_threads_do_not_disturb_each_other() -> None:
    charts: list[Chart] = [bars(0.7, 0.3), band(), line(1, 3, 2)]
    alone = [draw(chart) for chart in charts]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(draw, charts * 3)) == alone * 3
