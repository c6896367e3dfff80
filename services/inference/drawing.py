"""Output tensors as pictures."""

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.inference.errors import BadOutput
from services.manifests.outputs import Picture
from services.values.framing import Frame

SMALL: Final = 400 * 400  # points; up to here a PNG takes little room
FEW_COLOURS: Final = 4096
QUALITY: Final = 92
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def pictures_of(tensor: Any, rows: int, layout: str) -> NDArray[Any]:
    """One of three sides for each row. One row alone may come without a batch, a mask without its one channel. Raises
    BadOutput."""
    pictures = np.asarray(tensor)
    channel = 1 if layout == "NCHW" else -1
    if rows == 1 and (pictures.ndim == 2 or (pictures.ndim == 3 and _has_channels(pictures, channel))):
        pictures = pictures[np.newaxis]
    if pictures.ndim == 3:
        pictures = np.expand_dims(pictures, channel)
    if pictures.ndim != 4 or len(pictures) != rows:
        raise BadOutput(problem=f"a picture of shape {pictures.shape}")
    return pictures


def _has_channels(picture: NDArray[Any], channel: int) -> bool:
    return picture.shape[0 if channel == 1 else -1] in _MODES


def packed(picture: NDArray[Any], spec: Picture, frame: Frame | None = None) -> bytes | BadOutput:
    """A file of `[C, H, W]` or `[H, W, C]` with 1 to 4 channels; in the shape of the photo that `frame` tells of."""
    points = picture.transpose(1, 2, 0) if spec.layout == "NCHW" else picture
    if points.shape[2] not in _MODES:
        return BadOutput(problem=f"a picture of {points.shape[2]} channels; 1 to 4 can be shown")
    low, high = spec.range
    scaled = points.astype(np.float32)
    scaled -= low
    scaled *= 255 / (high - low)
    if not np.isfinite(scaled).all():
        return BadOutput(problem="the picture has points that are not finite numbers")
    np.clip(np.rint(scaled, out=scaled), 0, 255, out=scaled)
    whole = scaled.astype(np.uint8)
    image = Image.fromarray(whole[:, :, 0] if whole.shape[2] == 1 else whole, _MODES[whole.shape[2]])
    if frame is not None:
        numbered = picture.dtype.kind in "iub" and high - low < 255  # of classes: between two there is no third
        image = _reshaped(image, frame, Image.Resampling.NEAREST if numbered else Image.Resampling.BICUBIC)
    return packed_image(image)


def packed_image(image: Image.Image) -> bytes:
    """PNG; JPEG where it is large and has as many colours as photos have, for it is a quarter of the size there, made
    in a tenth of the time. Nothing but the points."""
    stream = io.BytesIO()
    if image.mode == "RGB" and image.width * image.height > SMALL and image.getcolors(FEW_COLOURS) is None:
        image.save(stream, "JPEG", quality=QUALITY, subsampling=0)
    else:
        image.save(stream, "PNG")
    return stream.getvalue()


def _reshaped(image: Image.Image, frame: Frame, resample: Image.Resampling) -> Image.Image:
    """Without the bars round the photo, and not stretched any more; as much larger or smaller as the graph made it."""
    across, down = image.width / frame.sheet[0], image.height / frame.sheet[1]
    left, top, right, bottom = frame.box
    box = (left * across, top * down, right * across, bottom * down)
    size = (max(1, round(frame.seen[0] * across)), max(1, round(frame.seen[1] * down)))
    return image if (0, 0, *size) == box else image.resize(size, resample, box)
