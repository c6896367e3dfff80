"""Pictures of digits to train and to try the model on: real ones enlarged, others drawn with a pen, photos of both.

`Ink` is [h, w] from 0 (paper) to 1 (ink). Everything random comes from the generator that is passed in.
"""

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Ink = npt.NDArray[np.floating]
Point = tuple[float, float]

# Strokes as points that a smooth line goes through; x to the right, y down, the digit fills the unit square.
SHAPES: dict[int, list[list[list[Point]]]] = {
    0: [[[(0.5, 0), (0.15, 0.2), (0.1, 0.6), (0.4, 1), (0.8, 0.8), (0.85, 0.3), (0.5, 0)]]],
    1: [[[(0.3, 0.25), (0.55, 0)], [(0.55, 0), (0.55, 1)]], [[(0.5, 0), (0.48, 1)]]],
    2: [
        [[(0.15, 0.2), (0.45, 0), (0.8, 0.2), (0.65, 0.55), (0.1, 1)], [(0.1, 1), (0.9, 0.98)]],
        [[(0.15, 0.25), (0.5, 0), (0.8, 0.3), (0.45, 0.75), (0.15, 0.95), (0.3, 0.8), (0.6, 0.95), (0.9, 0.9)]],
    ],
    3: [
        [[(0.15, 0.1), (0.55, 0), (0.75, 0.22), (0.4, 0.45)], [(0.4, 0.45), (0.85, 0.7), (0.55, 1), (0.1, 0.9)]],
        [[(0.15, 0), (0.8, 0)], [(0.8, 0), (0.45, 0.42)], [(0.45, 0.42), (0.85, 0.68), (0.5, 1), (0.1, 0.88)]],
    ],
    4: [
        [[(0.3, 0), (0.1, 0.6)], [(0.1, 0.6), (0.9, 0.6)], [(0.7, 0.1), (0.65, 1)]],
        [[(0.65, 0), (0.08, 0.65)], [(0.08, 0.65), (0.92, 0.65)], [(0.65, 0), (0.65, 1)]],
    ],
    5: [
        [[(0.8, 0), (0.25, 0)], [(0.25, 0), (0.2, 0.45)], [(0.2, 0.45), (0.6, 0.4), (0.82, 0.7), (0.5, 1), (0.1, 0.9)]]
    ],
    6: [[[(0.7, 0), (0.3, 0.3), (0.15, 0.7), (0.45, 1), (0.8, 0.75), (0.5, 0.52), (0.18, 0.72)]]],
    7: [
        [[(0.1, 0.02), (0.85, 0)], [(0.85, 0), (0.4, 1)]],
        [[(0.1, 0.02), (0.85, 0)], [(0.85, 0), (0.4, 1)], [(0.3, 0.5), (0.8, 0.5)]],
    ],
    8: [
        [
            [(0.5, 0.47), (0.2, 0.22), (0.5, 0), (0.78, 0.22), (0.5, 0.47)],
            [(0.5, 0.47), (0.12, 0.75), (0.5, 1), (0.88, 0.75), (0.5, 0.47)],
        ]
    ],
    9: [
        [[(0.8, 0.25), (0.5, 0), (0.2, 0.28), (0.5, 0.5), (0.8, 0.25)], [(0.8, 0.25), (0.75, 1)]],
        [[(0.8, 0.25), (0.5, 0), (0.2, 0.28), (0.5, 0.5), (0.8, 0.25), (0.75, 0.75), (0.3, 1)]],
    ],
}


def smooth(points: list[Point], steps: int = 12) -> list[Point]:
    """A Catmull-Rom line through the points."""
    padded = np.array([points[0], *points, points[-1]])
    line: list[Point] = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for t in np.arange(steps) / steps:
            x, y = (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2
            line.append((float(x), float(y)))
    return [*line, points[-1]]


def draw(digit: int, rng: np.random.Generator, *, height: int = 240, pen: float | None = None) -> Ink:
    """A digit of the given height drawn by an unsteady hand; `pen` is the stroke's width as a part of the height."""
    shapes = SHAPES[digit]
    strokes = shapes[rng.integers(len(shapes))]
    width, slant = rng.uniform(0.5, 0.85), rng.uniform(-0.1, 0.25)
    pen = rng.uniform(0.05, 0.14) if pen is None else pen
    side, origin = int(height * 1.8), height * 0.4
    sheet = Image.new("L", (side, side), 0)
    brush = ImageDraw.Draw(sheet)
    radius = pen * height / 2
    for stroke in strokes:
        shaken = [(x + rng.normal(0, 0.02), y + rng.normal(0, 0.02)) for x, y in stroke]
        line = [
            (origin + (x * width + (1 - y) * slant) * height, origin + y * height)
            for x, y in (smooth(shaken) if len(shaken) > 2 else shaken)
        ]
        brush.line(line, fill=255, width=max(1, round(2 * radius)), joint="curve")
        for x, y in (line[0], line[-1]):
            brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(sheet.filter(ImageFilter.GaussianBlur(height / 200)), np.float32) / 255


def enlarge(cells: npt.ArrayLike, side: int = 48) -> Ink:
    """The 8 × 8 counts of 0–16 as a smooth picture with a margin, as the scanner may have seen the digit."""
    counts = np.pad(np.reshape(cells, (8, 8)), 1)
    small = Image.fromarray(np.rint(counts * (255 / 16)).astype(np.uint8))
    large = np.asarray(small.resize((side * 10 // 8,) * 2, Image.Resampling.BICUBIC), np.float32) / 255
    edges = 1 / (1 + np.exp(-14 * (large - 0.45)))  # counted blocks are soft; strokes have edges
    ink: Ink = np.pad((edges - edges.min()) / np.ptp(edges), side // 8)
    return ink


def vary(ink: Ink, rng: np.random.Generator) -> Ink:
    """The digit turned, slanted, made narrower or wider, thinner or bolder, and a little out of focus."""
    angle, shear, narrow = rng.normal(0, 0.12), rng.normal(0, 0.12), rng.uniform(0.85, 1.35)
    side = ink.shape[0]
    cos, sin = math.cos(angle), math.sin(angle)
    matrix = np.array([[cos, sin], [-sin, cos]]) @ np.array([[narrow, shear], [0, 1]])
    shift = side / 2 - matrix @ np.array([side / 2, side / 2])
    coefficients = (matrix[0, 0], matrix[0, 1], shift[0], matrix[1, 0], matrix[1, 1], shift[1])
    picture = Image.fromarray(np.rint(ink * 255).astype(np.uint8))
    picture = picture.transform(picture.size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    weight = int(rng.integers(-2, 2))
    if weight:
        picture = picture.filter((ImageFilter.MinFilter if weight < 0 else ImageFilter.MaxFilter)(2 * abs(weight) + 1))
    varied = np.asarray(picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.5))), np.float32) / 255
    return varied if varied.max() > 0.5 else ink  # a thin digit can be worn away


def on_squares(ink: Ink, strength: float) -> Ink:
    """The digit in a squared notebook whose lines have this part of the ink's strength."""
    step = max(6, ink.shape[0] // 12)
    paper = np.zeros_like(ink)
    for line in range(2):
        paper[line::step] = paper[:, line::step] = strength
    return np.maximum(ink, paper)


def photograph(ink: Ink, rng: np.random.Generator, *, quality: int = 80) -> bytes:
    """A JPEG of the ink on paper: tinted, grained, unevenly lit, with a soft shadow from one side."""
    height, width = ink.shape
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    angle = rng.uniform(0, 2 * math.pi)
    light = 1 - rng.uniform(0, 0.35) * (
        0.5 + 0.5 * np.clip(math.cos(angle) * (x - 0.5) + math.sin(angle) * (y - 0.5), -1, 1)
    )
    edge = rng.uniform(0.6, 1.1)
    light *= 1 - rng.uniform(0, 0.25) / (1 + np.exp(-(x + 0.3 * y - edge) * 25))
    paper = np.array([236, 232, 222]) + rng.uniform(-12, 12, 3)
    pen = np.array([40, 42, 70]) + rng.uniform(-25, 35, 3)
    grain = rng.normal(0, 3, (height, width, 1)) + rng.normal(0, 1.5, (height, width, 3))
    mixed = (paper * (1 - ink[..., None]) + pen * ink[..., None]) * light[..., None] + grain
    picture = Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()
