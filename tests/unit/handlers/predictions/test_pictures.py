"""Which chart a result gets, and that it can be drawn."""

from typing import Any

import pytest

from i18n.charts import chart_of
from services.charts import Band, Bars, Line, draw
from tests.unit.handlers.form.samples import EVERYTHING, STORE, manifest, stored
from tests.unit.handlers.predictions.bench import CATALOGUES

BAND = [[2400.0 - 5 * day, 2500.0 + day, 2600.0 + 5 * day] for day in range(21)]
RU = CATALOGUES["ru"]


def test_bars_begin_with_the_likeliest() -> None:
    shares = {"barolo": 0.2, "grignolino": 0.75, "barbera": 0.05}
    outputs = {"cultivar": {"value": "grignolino", "probabilities": shares}}
    chart = chart_of(stored("wine"), {}, outputs, STORE / "wine", RU)
    assert isinstance(chart, Bars)
    assert [bar.label for bar in chart.bars] == ["Гриньолино", "Бароло", "Барбера"]
    assert chart.bars[0].text == "75\u00a0%"
    assert chart.title == "Вино"


def test_bars_leave_out_what_is_next_to_nothing() -> None:
    outputs = {"digit": {"value": "7", "probabilities": {str(n): 0.99 if n == 7 else 0.001 for n in range(10)}}}
    chart = chart_of(stored("digit"), {}, outputs, STORE / "digit", RU)
    assert isinstance(chart, Bars)
    assert chart.bars[0].label == "7"
    assert len(chart.bars) == 3


def test_a_band_continues_a_series_of_the_model() -> None:
    inputs = {"prices": {"source": "sp500"}}
    chart = chart_of(stored("investment-risk"), inputs, {"band": BAND}, STORE / "investment-risk", RU)
    assert isinstance(chart, Band)
    assert len(chart.history) == 127
    assert chart.history[-1] == pytest.approx(2506.85)
    assert chart.title == "Цена в следующие 21 торговый день: S&P 500 (на 31.12.2018)"
    assert chart.write(2506.85) == "2\u00a0507"
    assert (chart.low[0], chart.middle[-1], chart.high[-1]) == (2400.0, 2520.0, 2700.0)


def test_a_band_continues_prices_of_ones_own() -> None:
    prices = [float(price) for price in range(1, 254)]
    chart = chart_of(stored("investment-risk"), {"prices": prices}, {"band": BAND}, STORE / "investment-risk", RU)
    assert isinstance(chart, Band)
    assert chart.history[-1] == 253.0


@pytest.mark.parametrize("inputs", [{}, {"prices": {"source": "gone"}}, {"prices": "rubbish"}])
def test_a_band_without_its_history(inputs: dict[str, Any]) -> None:
    chart = chart_of(stored("investment-risk"), inputs, {"band": BAND}, STORE / "investment-risk", RU)
    assert isinstance(chart, Band)
    assert chart.history == ()
    assert draw(chart).startswith(b"\x89PNG")


def test_a_line() -> None:
    output = {"name": "demand", "type": "series", "label": "Спрос", "unit": "шт.", "tensor": "y", "chart": "line"}
    chart = chart_of(manifest(EVERYTHING[:1], outputs=[output]), {}, {"demand": [1.0, 2.0]}, STORE, RU)
    assert isinstance(chart, Line)
    assert (chart.title, chart.values) == ("Спрос, шт.", (1.0, 2.0))


@pytest.mark.parametrize("outputs", [{}, {"cultivar": None}, {"cultivar": 3}, {"cultivar": {}}])
def test_no_data_no_chart(outputs: dict[str, Any]) -> None:
    assert chart_of(stored("wine"), {}, outputs, STORE / "wine", RU) is None
