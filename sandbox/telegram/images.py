"""Photos as Telegram keeps them: JPEG in up to four sizes."""

import asyncio
import hashlib
import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

from sandbox.telegram.errors import BadRequest

MAX_PHOTO_BYTES: Final = 10 * 1024 * 1024
MAX_SIDES_SUM: Final = 10_000
MAX_RATIO: Final = 20
BOXES: Final = (90, 320, 800, 1280)
KEPT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoSize:
    width: int
    height: int
    data: bytes


class PhotoFiles:
    """Remembers the sizes of equal photos, so that a chart sent twice is recompressed once."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[PhotoSize, ...]] = {}

    async def sizes(self, data: bytes) -> tuple[PhotoSize, ...]:
        """Smallest first. Raises BadRequest for what is no image or has impossible sides."""
        key = hashlib.blake2b(data, digest_size=16).digest()
        if key not in self._known:
            self._known[key] = await asyncio.to_thread(_resized, data)
            if len(self._known) > KEPT:
                del self._known[next(iter(self._known))]
        return self._known[key]


def _resized(data: bytes) -> tuple[PhotoSize, ...]:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            if width + height > MAX_SIDES_SUM or max(width, height) > MAX_RATIO * min(width, height):
                raise BadRequest("PHOTO_INVALID_DIMENSIONS")
            opened.draft("RGB", (BOXES[-1], BOXES[-1]))
            picture = _opaque(ImageOps.exif_transpose(opened))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        # Pillow's decoders signal a broken file in all these ways.
        raise BadRequest("IMAGE_PROCESS_FAILED") from error
    longest = max(picture.size)
    boxes = [box for box in BOXES if box < longest] + ([longest] if longest <= BOXES[-1] else [])
    return tuple(_encode(picture, box) for box in boxes)


def _opaque(picture: Image.Image) -> Image.Image:
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer)
        return ground
    return picture.convert("RGB")


def _encode(picture: Image.Image, box: int) -> PhotoSize:
    small = picture
    if max(picture.size) > box:
        small = picture.copy()
        small.thumbnail((box, box), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=87)
    return PhotoSize(width=small.width, height=small.height, data=buffer.getvalue())
