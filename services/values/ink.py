"""Finding what is written on a photographed sheet: uneven light, shadows and dust are told from ink.

The paper's brightness is estimated from the points that are no ink (a smooth surface first, then their local mean), so
a gradient across the photo or a soft shadow does not count as ink; blobs that touch the edge, and specks, are dropped.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.values.errors import BlankImage

WORK_SIDE = 256
MIN_CONTRAST = 0.1
MIN_SIDE = 0.03

Plane: TypeAlias = NDArray[np.floating]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """`strength` is `[h, w]` from 0 (paper) to 1 (the darkest stroke), cut to the ink; `box` is left, top, right,
    bottom as parts of the picture's sides; `dark` whether ink is darker than the paper."""

    strength: Plane
    box: tuple[float, float, float, float]
    dark: bool


def find_ink(picture: Image.Image, threshold: float) -> Ink:
    """`threshold` is the part of the strongest stroke's contrast from which a point is ink. Raises BlankImage."""
    small = picture.convert("L")
    small.thumbnail((WORK_SIDE, WORK_SIDE), Image.Resampling.BOX)
    light = np.asarray(small, np.float32) / 255
    residual = light - _surface(light)
    dark = _tail(-residual) >= _tail(residual)
    signed = -residual if dark else residual
    for _ in range(2):
        likely = signed > max(0.35 * _tail(signed), MIN_CONTRAST / 2)
        paper = _local_mean(light, ~likely)
        signed = paper - light if dark else light - paper
    top = _tail(signed)
    if top < MIN_CONTRAST:
        raise BlankImage()
    strength = np.clip(signed / top, 0, 1)
    kept = _strokes(strength, threshold)
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    height, width = light.shape
    if not rows.size or max(np.ptp(rows) / height, np.ptp(columns) / width) < MIN_SIDE:
        raise BlankImage()
    top_row, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    cut = np.where(_grown(kept), strength, 0)[top_row:bottom, left:right]
    box = (left / width, top_row / height, right / width, bottom / height)
    return Ink(strength=cut.astype(np.float32), box=box, dark=bool(dark))


def _tail(values: Plane) -> float:
    """The mean of the greatest 0.3 %: a maximum that a single bright point does not make."""
    count = max(4, values.size * 3 // 1000)
    return float(np.partition(values.ravel(), -min(count, values.size))[-min(count, values.size) :].mean())


def _surface(light: Plane) -> Plane:
    """A quadratic surface through the paper: fitted, then fitted again without what lies far from it."""
    height, width = light.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1).reshape(-1, 6)
    values = light.ravel().astype(np.float64)
    surface = np.full_like(values, np.median(values))
    for _ in range(4):
        distance = np.abs(values - surface)
        near = distance <= max(2.5 * float(np.median(distance)), 0.02)
        surface = terms @ np.linalg.lstsq(terms[near], values[near], rcond=None)[0]
    return surface.reshape(light.shape).astype(np.float32)


def _local_mean(light: Plane, paper: Mask) -> Plane:
    """The mean of the paper's points around each point; further out where ink covers everything near."""
    weight = paper.astype(np.float32)
    result, known = np.zeros_like(light), np.zeros_like(light)
    for part in (12, 4, 1):
        radius = max(1, max(light.shape) // part)
        share = _blur(weight, radius)
        mean = _blur(light * weight, radius) / np.maximum(share, 1e-6)
        trust = np.clip((share - 0.1) / 0.3, 0, 1) * (1 - known)
        result, known = result + mean * trust, known + trust
    return result + float(light[paper].mean() if paper.any() else light.mean()) * (1 - known)


def _blur(plane: Plane, radius: int) -> Plane:
    """A box mean, twice, over the plane with its edges repeated."""
    for _ in range(2):
        for axis in (0, 1):
            padding = [(radius + 1, radius) if a == axis else (0, 0) for a in (0, 1)]
            sums = np.cumsum(np.pad(plane, padding, mode="edge"), axis=axis, dtype=np.float64)
            size, length = 2 * radius + 1, plane.shape[axis]
            ahead, behind = np.take(sums, range(size, size + length), axis), np.take(sums, range(length), axis)
            plane = ((ahead - behind) / size).astype(np.float32)
    return plane


def _strokes(strength: Plane, threshold: float) -> Mask:
    """Ink without specks, and without what comes in from the edge (a table, a shadow) where something is left."""
    blobs = _blobs(strength > threshold)
    masses = [float(strength[rows, columns].sum()) for rows, columns in blobs]
    height, width = strength.shape
    inner = [
        rows.min() > 0 and columns.min() > 0 and rows.max() < height - 1 and columns.max() < width - 1
        for rows, columns in blobs
    ]
    inside = sum(mass for mass, is_inner in zip(masses, inner, strict=True) if is_inner)
    if inside < 0.15 * sum(masses):
        inner = [True] * len(blobs)
    largest = max((mass for mass, is_inner in zip(masses, inner, strict=True) if is_inner), default=0)
    kept = np.zeros(strength.shape, np.bool_)
    for (rows, columns), mass, is_inner in zip(blobs, masses, inner, strict=True):
        if is_inner and mass >= 0.08 * largest:
            kept[rows, columns] = True
    return kept


def _blobs(mask: Mask) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows and columns of each group of points that touch, also by a corner."""
    points = set(map(int, np.flatnonzero(np.pad(mask, 1).ravel())))
    width = mask.shape[1] + 2
    steps = (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
    blobs = []
    while points:
        blob = [points.pop()]
        for point in blob:
            near = [point + step for step in steps if point + step in points]
            points.difference_update(near)
            blob.extend(near)
        rows, columns = np.divmod(np.array(blob), width)
        blobs.append((rows - 1, columns - 1))
    return blobs


def _grown(mask: Mask) -> Mask:
    """The mask and the points next to it: strokes keep their soft edges."""
    padded = np.pad(mask, 1)
    height, width = mask.shape
    shifted = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    grown: Mask = np.any(shifted, axis=0)
    return grown
