"""Charts come from a process that may die and go at any moment; nobody who wants one notices."""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.charts import AxisNumbers, Bar, Bars, ColumnPanels, DrawingFailed, Line, Panel
from services.charts.drawing import draw
from services.charts.painter import LENGTH, PROGRAM, Painter
from tests.support.waiting import until

WRITE = AxisNumbers(decimals=1, point=",", group="\u00a0")
BARS = Bars(
    title="Вино", bars=(Bar(label="Бароло", share=0.7, text="70 %"), Bar(label="Барбера", share=0.3, text="30 %"))
)
LINE = Line(title="Цена", values=(1.0, 2506.85, -3.0), x_label="шаги", write=WRITE)
COLUMNS = ColumnPanels(title="", labels=("1", "2"), panels=(Panel(heading="₽", values=(1.0, 2.0), write=WRITE),))


@pytest.fixture
def painter() -> Iterator[Painter]:
    painter = Painter()
    yield painter
    painter.close()


def test_its_charts_are_the_same(painter: Painter) -> None:
    with ThreadPoolExecutor(3) as threads:
        drawn = list(threads.map(painter.draw, (BARS, LINE, COLUMNS)))
    assert drawn == [draw(BARS), draw(LINE), draw(COLUMNS)]


def test_the_next_chart_comes_from_another_process_where_one_has_died(painter: Painter) -> None:
    painter.start()
    first = painter.process_id
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert painter.draw(BARS).startswith(b"\x89PNG")
    assert painter.process_id not in (None, first)


def test_it_ends_quietly_where_the_shop_was_killed() -> None:
    request = pickle.dumps(BARS)
    with subprocess.Popen(
        [sys.executable, "-m", PROGRAM, "60"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        child.stdin.write(LENGTH.pack(True, len(request)) + request)
        child.stdin.close()
        assert child.stderr.read() == b""
    assert child.returncode == -signal.SIGPIPE


async def test_it_goes_when_nobody_wants_a_chart() -> None:
    painter = Painter(idle=0.05)
    painter.draw(BARS)
    process = painter.process_id
    await until(lambda: _gone(process))
    assert painter.draw(BARS).startswith(b"\x89PNG")
    painter.close()


def test_what_cannot_be_drawn_fails_alone(painter: Painter) -> None:
    with pytest.raises(DrawingFailed, match="ValueError"):
        painter.draw(Line(title="", values=(), x_label="", write=WRITE))
    process = painter.process_id
    assert painter.draw(LINE).startswith(b"\x89PNG")
    assert painter.process_id == process


async def _gone(process: int | None) -> bool:
    return await asyncio.to_thread(lambda: not Path(f"/proc/{process}").exists())


@pytest.mark.parametrize(
    ("value", "decimals", "written"),
    [
        (2506.85, 0, "2\u00a0507"),
        (-1234567.891, 2, "-1\u00a0234\u00a0567,89"),
        (0.0, 1, "0,0"),
        (999.96, 1, "1\u00a0000,0"),
    ],
)
def test_numbers_on_an_axis_are_written_as_the_language_does(value: float, decimals: int, written: str) -> None:
    assert AxisNumbers(decimals=decimals, point=",", group="\u00a0")(value) == written
