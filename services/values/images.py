"""Pictures from customers: checked and reduced when they arrive, made into numbers when the model runs."""

import io
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from services.manifests.preparation import LONGEST
from services.values.decoding import read_picture
from services.values.framing import Frame, framed
from services.values.ink import find_ink

if TYPE_CHECKING:  # pydantic's part is not needed where a stranger's picture is read: a process of its own each time
    from services.manifests.preparation import Prepare

_JPEG = b"\xff\xd8"

Pixels: TypeAlias = NDArray[np.float32]


def check_image(file: BinaryIO, longest: int = LONGEST) -> bytes:
    """The picture turned upright, at most `longest` points a side, as JPEG or PNG; small enough to keep.

    Raises FileTooLarge, ImageTooLarge, MovingPicture, NotAnImage.
    """
    picture = read_picture(file, longest)
    stream = io.BytesIO()
    file.seek(0)
    if file.read(2) != _JPEG:  # a drawing keeps its sharp edges, where they take little room
        picture.save(stream, "PNG")
    if not 0 < stream.tell() <= 300_000:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def prepare(data: bytes, spec: "Prepare") -> Pixels:
    """The picture as the manifest's `[inputs.prepare]` wants it: `[C, H, W]`. Raises NotAnImage, BlankImage."""
    picture = _bordered(data, spec)
    points = np.atleast_3d(np.asarray(_fitted(picture, spec, framed(spec, picture.size)), np.float32))
    if spec.order == "bgr":
        points = points[:, :, ::-1]
    if spec.mode in {"la", "rgba"}:  # nothing is transparent any more: it was put on white
        points = np.dstack([points, np.full(points.shape[:2], 255, np.float32)])
    black, white = spec.range
    points = points.transpose(2, 0, 1) * np.float32((white - black) / 255)
    points += np.float32(black)
    if spec.mean is not None:
        points = points - np.array(spec.mean, np.float32)[:, np.newaxis, np.newaxis]
    if spec.std is not None:
        points = points / np.array(spec.std, np.float32)[:, np.newaxis, np.newaxis]
    return np.ascontiguousarray(points, np.float32)


def frame_of(data: bytes, spec: "Prepare") -> Frame:
    """Where the picture will lie once it is prepared. Raises NotAnImage, BlankImage."""
    return framed(spec, _bordered(data, spec).size)


def open_picture(data: bytes, spec: "Prepare") -> Image.Image:
    """A picture that was kept: small since it came. Raises NotAnImage."""
    return read_picture(io.BytesIO(data), spec.kept)


def _bordered(data: bytes, spec: "Prepare") -> Image.Image:
    """Cropped and with its border, as large as it came."""
    return _placed(_inverted(_cropped(open_picture(data, spec).convert("L" if spec.grey else "RGB"), spec), spec), spec)


class _Crop(NamedTuple):
    """A part of a picture and the colour of what is around it."""

    picture: Image.Image
    paper: tuple[int, ...]
    light: bool


def _cropped(picture: Image.Image, spec: "Prepare") -> _Crop:
    paper = _border(picture)
    light = sum(paper) / len(paper) > 127
    if spec.crop == "square":
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        return _Crop(picture.crop((left, top, left + side, top + side)), paper, light)
    if spec.crop == "none":
        return _Crop(picture, paper, light)
    ink = find_ink(picture, spec.threshold)
    if spec.grey:
        strength = 1 - ink.strength if ink.dark else ink.strength
        flat = Image.fromarray(np.rint(strength * 255).astype(np.uint8))
        return _Crop(flat, (255 if ink.dark else 0,), ink.dark)
    width, height = picture.size
    box = [round(part * side) for part, side in zip(ink.box, (width, height, width, height), strict=True)]
    return _Crop(picture.crop((box[0], box[1], box[2], box[3])), paper, ink.dark)


def _inverted(crop: _Crop, spec: "Prepare") -> _Crop:
    if spec.invert == "never" or (spec.invert == "light-background" and not crop.light):
        return crop
    return _Crop(ImageOps.invert(crop.picture), tuple(255 - channel for channel in crop.paper), not crop.light)


def _placed(crop: _Crop, spec: "Prepare") -> Image.Image:
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


def _fitted(picture: Image.Image, spec: "Prepare", frame: Frame) -> Image.Image:
    """Of the size that the graph takes."""
    usual = "box" if spec.crop == "ink" else "bilinear"
    resample = Image.Resampling[(spec.filter or usual).upper()]
    if spec.fit == "letterbox":
        return _letterbox(picture, spec, frame, resample)
    return picture.resize(frame.sheet, resample, frame.part if spec.fit == "cover" else None)


def _letterbox(picture: Image.Image, spec: "Prepare", frame: Frame, resample: Image.Resampling) -> Image.Image:
    left, top, right, bottom = frame.box
    fill = spec.fill or (0,) * len(picture.getbands())
    sheet = Image.new(picture.mode, frame.sheet, fill if len(fill) > 1 else fill[0])
    sheet.paste(picture.resize((right - left, bottom - top), resample), (left, top))
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
