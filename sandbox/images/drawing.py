"""Pictures of what a prompt says, as far as a few words are known; the same prompt gives the same picture."""

import hashlib
import io
import math
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

COLOURS: Final[Mapping[str, tuple[int, int, int]]] = {
    "red": (214, 64, 69),
    "orange": (238, 137, 57),
    "yellow": (244, 205, 84),
    "green": (79, 157, 105),
    "blue": (58, 110, 178),
    "purple": (126, 87, 160),
    "pink": (232, 141, 170),
    "white": (245, 244, 238),
    "black": (38, 38, 44),
    "grey": (138, 143, 150),
}
MANY: Final = 7  # shapes, where the prompt names none


def drawn(prompt: str, size: tuple[int, int]) -> bytes:
    """PNG of the shapes and colours that the prompt names, and of made-up ones where it names none."""
    from PIL import Image, ImageDraw

    words, chance = _words(prompt), _chance(prompt)
    colours = [COLOURS[word] for word in words if word in COLOURS] or chance.sample(list(COLOURS.values()), 4)
    shapes = [word for word in words if word in SHAPES] or chance.choices(list(SHAPES), k=MANY)
    sheet = Image.new("RGB", size, _lighter(colours[-1]))
    canvas = ImageDraw.Draw(sheet)
    for number, shape in enumerate(shapes):
        side = min(size) * chance.uniform(0.25, 0.5)
        place = [chance.uniform(0.25, 0.75) * length for length in size]
        SHAPES[shape](canvas, place[0], place[1], side, colours[number % len(colours)])
    return _png(sheet)


def edited(prompt: str, picture: bytes) -> bytes:
    """PNG of the picture in the colours that the prompt names, or as a poster."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(picture)) as opened:
        photo = ImageOps.exif_transpose(opened).convert("RGB")
    colours = [COLOURS[word] for word in _words(prompt) if word in COLOURS]
    if not colours:
        return _png(ImageOps.posterize(photo, 2))
    dark, light = (tuple(part // 4 for part in colours[0]), _lighter(colours[0]))
    return _png(ImageOps.colorize(ImageOps.grayscale(photo), dark, light, mid=colours[0]))


def _circle(canvas: Any, x: float, y: float, side: float, colour: tuple[int, int, int]) -> None:  # Any: Pillow's
    canvas.ellipse([x - side / 2, y - side / 2, x + side / 2, y + side / 2], fill=colour)


def _square(canvas: Any, x: float, y: float, side: float, colour: tuple[int, int, int]) -> None:
    canvas.rectangle([x - side / 2, y - side / 2, x + side / 2, y + side / 2], fill=colour)


def _triangle(canvas: Any, x: float, y: float, side: float, colour: tuple[int, int, int]) -> None:
    canvas.polygon([(x, y - side / 2), (x - side / 2, y + side / 2), (x + side / 2, y + side / 2)], fill=colour)


def _star(canvas: Any, x: float, y: float, side: float, colour: tuple[int, int, int]) -> None:
    points = []
    for number in range(10):
        radius, angle = side / (2 if number % 2 == 0 else 4.6), math.pi * (number / 5 - 0.5)
        points.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    canvas.polygon(points, fill=colour)


SHAPES: Final[Mapping[str, Callable[..., None]]] = {
    "circle": _circle,
    "sun": _circle,
    "square": _square,
    "house": _square,
    "triangle": _triangle,
    "mountain": _triangle,
    "star": _star,
}


def _words(prompt: str) -> list[str]:
    return ["".join(filter(str.isalpha, word)).removesuffix("s") for word in prompt.lower().split()]


def _chance(prompt: str) -> random.Random:
    return random.Random(hashlib.sha256(prompt.encode()).digest())  # noqa: S311 - the same picture each time


def _lighter(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    red, green, blue = (part + (255 - part) * 2 // 3 for part in colour)
    return red, green, blue


def _png(picture: Any) -> bytes:  # Any: Pillow's
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
