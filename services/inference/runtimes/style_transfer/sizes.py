"""How large a photo is painted, and how what was painted gets the photo's size again."""

import math
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Size: TypeAlias = tuple[int, int]  # width and height
Pixels: TypeAlias = NDArray[np.float32]

STEP: Final = 4  # a network halves its picture twice
LEAST: Final = 32  # points a side: a network looks beyond the edge
DETAIL: Final = 0.5  # of the photo's own fine lines, where it was painted smaller


def small_size(photo: Size, points: int) -> Size:
    """Of the same shape, multiples of STEP and of about so many points at most; nothing is painted larger than it is,
    but for the tiniest."""
    scale = min(1.0, math.sqrt(points / (photo[0] * photo[1])))
    width, height = (max(LEAST, math.floor(side * scale / STEP) * STEP) for side in photo)
    longest = max(LEAST, points // min(width, height) // STEP * STEP)  # of a strip whose other side was too short
    return min(width, longest), min(height, longest)


def resized(picture: Pixels, size: Size) -> Pixels:
    """`[3, H, W]` of 0 to 1."""
    if (picture.shape[2], picture.shape[1]) == size:
        return picture
    whole = picture.transpose(1, 2, 0) * np.float32(255)
    np.rint(whole, out=whole)
    np.clip(whole, 0, 255, out=whole)
    scaled = Image.fromarray(whole.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    points = np.array(scaled, np.float32)
    points /= np.float32(255)
    return points.transpose(2, 0, 1)


def laid_over(photo: Pixels, small: Pixels, painted: Pixels, strength: float) -> Pixels:
    """What was painted of the `small` photo, as large as the photo, with some of the lines that the small one lost; and
    as much of the photo shines through as `strength` leaves. In few arrays: of a large photo each takes 20 MB."""
    size = (photo.shape[2], photo.shape[1])
    large = resized(painted, size)
    if photo.shape[1] > small.shape[1] or photo.shape[2] > small.shape[2]:
        lost = resized(small, size)
        np.subtract(photo, lost, out=lost)
        large += lost.mean(axis=0) * np.float32(DETAIL)
    if strength < 1:
        large -= photo
        large *= np.float32(strength)
        large += photo
    return np.clip(large, 0, 1, out=large)
