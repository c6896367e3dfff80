"""The paper that charts are drawn on: size, colours, letters."""

import io
from functools import cache
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font
from PIL import Image

WIDTH, DPI = 1080, 150
PAPER, INK, MUTED, GRID = "#FBFBFE", "#14152B", "#6A6D85", "#E4E6F0"
ACCENT, SOFT, TRACK = "#5B4BDB", "#AFA7F2", "#ECEDF6"
FONT: Final[dict[str, Any]] = {"family": "DejaVu Sans", "parse_math": False}  # Any: what matplotlib takes
TITLE, TEXT, SMALL = 17, 15, 13  # points; at 150 dpi one is two dots
MARGIN = 48
LABEL_CHARS, TITLE_CHARS = 22, 44


def png(figure: Figure) -> bytes:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib types a part of itself
    points = canvas.buffer_rgba()  # type: ignore[no-untyped-call]  # as above
    picture = Image.frombuffer("RGBA", canvas.get_width_height(), points, "raw", "RGBA", 0, 1).convert("RGB")
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def sheet(title: str, height: int) -> Figure:
    figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
    style = FONT | {"fontsize": TITLE, "color": INK, "weight": "bold", "va": "top", "linespacing": 1.3}
    figure.text(MARGIN / WIDTH, 1 - 40 / height, "\n".join(wrapped(title)), **style)
    return figure


def bare_axes(figure: Figure, place: tuple[float, float, float, float]) -> Axes:
    """Axes with a light grid and small grey numbers; `place` in shares of the figure."""
    axes = figure.add_axes(place)
    axes.set_facecolor(PAPER)
    axes.grid(axis="y", color=GRID, lw=1.4)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)
    axes.tick_params(labelsize=SMALL, colors=MUTED, length=0, pad=8, labelfontfamily="DejaVu Sans")
    return axes


def wrapped(text: str) -> list[str]:
    """A title in at most two lines."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > TITLE_CHARS:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    kept = [*lines[:1], " ".join(lines[1:])] if len(lines) > 1 else lines
    return [cut(line, TITLE_CHARS) for line in kept]


def cut(text: str, limit: int) -> str:
    line = " ".join(clean(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def clean(text: str) -> str:
    """Without the signs that the font has not, such as emoji."""
    return text if text.isascii() else "".join(c for c in text if ord(c) in _signs())


@cache
def _signs() -> frozenset[int]:
    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())
