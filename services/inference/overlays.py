"""Boxes and masks drawn over a photo."""

import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from services.inference.drawing import packed_image
from services.inference.palette import COLOURS, Colour

SMALLEST: Final = 640  # points of the longer side: on a smaller photo no word could be read
LEAST_TEXT: Final = 11
LIGHT: Final = 150  # of 255: on such a colour words are black


class DrawnBox(NamedTuple):
    """A box by its parts of the photo's sides, what is written at it, and its colour's number."""

    box: tuple[float, float, float, float]
    text: str
    colour: int


def draw_boxes(photo: Image.Image, marks: Sequence[DrawnBox]) -> bytes:
    """A file of the photo with these boxes, given best first."""
    picture = _enlarged(photo.convert("RGB"))
    draw = ImageDraw.Draw(picture)
    line = max(2, round(max(picture.size) / 180))
    boxes = [_points(mark.box, picture) for mark in marks]
    for mark, box in reversed(list(zip(marks, boxes, strict=True))):
        draw.rectangle(box, outline=COLOURS[mark.colour % len(COLOURS)].rgb, width=line)
    for mark, box in reversed(list(zip(marks, boxes, strict=True))):  # no line goes through a word
        _write(draw, picture, box, mark, line)
    return packed_image(picture)


def paint(photo: Image.Image, where: NDArray[np.bool_], colour: Colour) -> Image.Image:
    """The photo with these points, `[H, W]`, half as bright and half of the colour."""
    points = np.array(photo.convert("RGB"), np.uint8)
    points[where] = (points[where].astype(np.uint16) + np.array(colour.rgb, np.uint16)) // 2
    return Image.fromarray(points)


def cut_out(photo: Image.Image, opacity: NDArray[np.float32]) -> bytes:
    """PNG of what is opaque, 0 to 1, and transparent around it."""
    picture = photo.convert("RGB")
    picture.putalpha(Image.fromarray(np.rint(opacity * 255).astype(np.uint8)))
    return packed_image(picture)


def _enlarged(picture: Image.Image) -> Image.Image:
    longer = max(picture.size)
    if longer >= SMALLEST:
        return picture
    size = [max(1, round(side * SMALLEST / longer)) for side in picture.size]
    return picture.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def _points(box: Sequence[float], picture: Image.Image) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(part * (side - 1)) for part, side in zip(box, picture.size * 2, strict=True))
    return left, top, max(left, right), max(top, bottom)


def _write(
    draw: ImageDraw.ImageDraw, picture: Image.Image, box: tuple[int, int, int, int], mark: DrawnBox, line: int
) -> None:
    """Above the box, or inside it where there is no room above."""
    if not mark.text:
        return
    size = max(LEAST_TEXT, round(max(picture.size) / 28))
    text, font = _fitting(mark.text, size, picture.width - 2 * line)
    width, height = font.getlength(text) + 2 * line, size * 1.3
    left = min(max(0, box[0]), max(0, picture.width - width))
    top = box[1] - height if box[1] >= height else min(box[1], picture.height - height)
    colour = COLOURS[mark.colour % len(COLOURS)].rgb
    draw.rectangle((left, top, left + width, top + height), fill=colour)
    dark = (colour[0] * 299 + colour[1] * 587 + colour[2] * 114) / 1000 > LIGHT
    draw.text((left + line, top + height / 2), text, "black" if dark else "white", font, anchor="lm")


def _fitting(text: str, size: int, width: float) -> tuple[str, ImageFont.FreeTypeFont]:
    """Cut where it is wider than the photo."""
    font = _font(size)
    cut = text
    while cut and font.getlength(cut) > width:
        cut = f"{cut[:-2]}…" if len(cut) > 2 else ""
    return cut, font


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Of Matplotlib's, which is not imported for it: Pillow's own knows no Russian."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return ImageFont.truetype(str(Path(found.origin).parent / "mpl-data/fonts/ttf/DejaVuSans-Bold.ttf"), size)
