"""Pictures from customers: checked and reduced when they arrive, made into numbers when the model runs."""

import io
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from services.inference.errors import FileTooLarge, ImageTooLarge, NotAnImage
from services.inference.fields import Prepare
from services.inference.ink import find_ink

MAX_BYTES = 20_000_000
MAX_PIXELS = 60_000_000
MAX_SIDE = 1024
_JPEG = b"\xff\xd8"
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")

Pixels: TypeAlias = NDArray[np.float32]


def check_image(data: bytes) -> bytes:
    """The picture turned upright, at most 1024 points a side, as JPEG or PNG; small enough to keep.

    Its size is read from the header: a picture too large is refused before anything is decoded. Raises FileTooLarge,
    ImageTooLarge, NotAnImage.
    """
    picture = _open(data)
    stream = io.BytesIO()
    if not data.startswith(_JPEG):  # a drawing keeps its sharp edges, where they take little room
        picture.save(stream, "PNG")
    if not 0 < stream.tell() <= 300_000:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def prepare(data: bytes, spec: Prepare) -> Pixels:
    """The picture as the manifest's `[inputs.prepare]` wants it: `[C, H, W]`. Raises NotAnImage, BlankImage."""
    picture = _inverted(_cropped(_open(data).convert("L" if spec.mode == "grayscale" else "RGB"), spec), spec)
    placed = _placed(picture, spec)
    resample = Image.Resampling.BOX if spec.crop == "ink" else Image.Resampling.BILINEAR
    points = np.asarray(placed.resize(spec.size, resample), np.float32)
    black, white = spec.range
    points = np.atleast_3d(points).transpose(2, 0, 1) * np.float32((white - black) / 255) + np.float32(black)
    if spec.mean is not None:
        points = points - np.array(spec.mean, np.float32)[:, np.newaxis, np.newaxis]
    if spec.std is not None:
        points = points / np.array(spec.std, np.float32)[:, np.newaxis, np.newaxis]
    return np.ascontiguousarray(points, np.float32)


class _Crop(NamedTuple):
    """A part of a picture and the colour of what is around it."""

    picture: Image.Image
    paper: tuple[int, ...]
    light: bool


def _cropped(picture: Image.Image, spec: Prepare) -> _Crop:
    paper = _border(picture)
    light = sum(paper) / len(paper) > 127
    if spec.crop == "square":
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        return _Crop(picture.crop((left, top, left + side, top + side)), paper, light)
    if spec.crop == "none":
        return _Crop(picture, paper, light)
    ink = find_ink(picture, spec.threshold)
    if spec.mode == "grayscale":
        strength = 1 - ink.strength if ink.dark else ink.strength
        flat = Image.fromarray(np.rint(strength * 255).astype(np.uint8))
        return _Crop(flat, (255 if ink.dark else 0,), ink.dark)
    width, height = picture.size
    box = [round(part * side) for part, side in zip(ink.box, (width, height, width, height), strict=True)]
    return _Crop(picture.crop((box[0], box[1], box[2], box[3])), paper, ink.dark)


def _inverted(crop: _Crop, spec: Prepare) -> _Crop:
    if spec.invert == "never" or (spec.invert == "light-background" and not crop.light):
        return crop
    return _Crop(ImageOps.invert(crop.picture), tuple(255 - channel for channel in crop.paper), not crop.light)


def _placed(crop: _Crop, spec: Prepare) -> Image.Image:
    """The crop with its border; `centre` puts its centre of mass amid a square as far as the border allows."""
    width, height = crop.picture.size
    pad = round(spec.padding * max(width, height))
    if not spec.centre:
        size, corner = (width + 2 * pad, height + 2 * pad), (pad, pad)
    else:
        side = max(width, height) + 2 * pad
        x, y = _centre_of_mass(crop)
        size = (side, side)
        corner = (min(max(round(side / 2 - x), 0), side - width), min(max(round(side / 2 - y), 0), side - height))
    sheet = Image.new(crop.picture.mode, size, crop.paper if len(crop.paper) > 1 else crop.paper[0])
    sheet.paste(crop.picture, corner)
    return sheet


def _centre_of_mass(crop: _Crop) -> tuple[float, float]:
    difference = np.abs(np.atleast_3d(np.asarray(crop.picture, np.float32)) - np.array(crop.paper, np.float32)).sum(
        axis=2
    )
    height, width = difference.shape
    mass = float(difference.sum())
    if not mass:
        return width / 2, height / 2
    x = float((difference.sum(axis=0) * (np.arange(width) + 0.5)).sum()) / mass
    return x, float((difference.sum(axis=1) * (np.arange(height) + 0.5)).sum()) / mass


def _border(picture: Image.Image) -> tuple[int, ...]:
    """The median colour along the edges."""
    points = np.atleast_3d(np.asarray(picture))
    edges = np.concatenate([points[0], points[-1], points[:, 0], points[:, -1]])
    return tuple(int(channel) for channel in np.median(edges, axis=0))


def _open(data: bytes) -> Image.Image:
    """The decoded picture, upright, on white where it was transparent, no side over MAX_SIDE."""
    if len(data) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            _check_size(picture.size)
            picture.draft(None, (MAX_SIDE, MAX_SIDE))  # a large JPEG is decoded at a half or a quarter at once
            return _upright(picture)
    except ImageTooLarge:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLarge(megapixels=MAX_PIXELS // 1_000_000) from error
    except Exception as error:
        raise NotAnImage() from error


def _check_size(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageTooLarge(megapixels=MAX_PIXELS // 1_000_000, width=width, height=height)


def _upright(picture: Image.Image) -> Image.Image:
    """Turned as its EXIF says, without transparency and depth beyond 8 bits, reduced to MAX_SIDE."""
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith(("I", "F")):
        points = np.asarray(upright, np.float32)
        upright = Image.fromarray(np.clip(points * (255 / max(255.0, float(points.max()))), 0, 255).astype(np.uint8))
    elif upright.has_transparency_data:
        layer = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    elif upright.mode != "L":
        upright = upright.convert("RGB")
    upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.BOX)
    return upright
