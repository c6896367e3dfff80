"""Charts as shapes: within their frame, however odd the numbers."""

import re

import pytest

from services.charts import AxisNumbers, Band, Bar, Bars, Line
from web.cabinet.charts import BOTTOM, MOST_POINTS, TOP, WIDTH, Drawn, drawn

WRITE = AxisNumbers(decimals=1, point=",", group="\u00a0")


def line(*values: float) -> Drawn | None:
    chart = drawn(Line(title="Line", values=values, x_label="steps", write=WRITE))
    assert not isinstance(chart, Bars)
    return chart


def points(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+),([-\d.]+)", text)]


@pytest.mark.parametrize(
    "values", [(5,), (0, 0, 0), (-3, -2.5, 8), (1e12, 3e12), (1e-9, 2e-9), tuple(float(n % 7) for n in range(5000))]
)
def test_all_of_a_line_is_in_the_frame(values: tuple[float, ...]) -> None:
    chart = line(*values)
    assert chart is not None
    shown = points(chart.middle)
    assert 0 < len(shown) <= 2 * MOST_POINTS
    assert all(chart.left - 0.1 <= x <= WIDTH and TOP - 0.1 <= y <= BOTTOM + 0.1 for x, y in shown)
    assert 2 <= len(chart.y_marks) <= 7
    assert len({mark.text for mark in chart.y_marks}) > 1 or max(map(abs, values)) < 0.1


def test_the_axis_is_written_as_its_reader_writes() -> None:
    chart = line(1000, 1250.5)
    assert chart is not None
    assert "1\u00a0100,0" in [mark.text for mark in chart.y_marks]


def test_what_is_predicted_leaves_from_the_last_known_value() -> None:
    band = Band(
        title="Band",
        history=(1, 2, 3),
        low=(2, 1),
        middle=(3, 4),
        high=(4, 6),
        history_label="so far",
        middle_label="middle",
        band_label="band",
        x_label="steps",
        write=WRITE,
    )
    chart = drawn(band)
    assert isinstance(chart, Drawn)
    assert points(chart.past)[-1] == points(chart.middle)[0]
    assert len(points(chart.band)) == 6
    assert [kind for kind, _ in chart.legend] == ["past", "middle", "band"]
    assert "0" in [mark.text for mark in chart.x_marks]


def test_nothing_is_drawn_of_what_is_no_number() -> None:
    assert line() is None
    assert line(1, float("nan")) is None
    bars = Bars(title="Bars", bars=(Bar(label="a", share=1, text="100 %"),))
    assert drawn(bars) is bars
