"""What Telegram takes as a photo. The rest goes as a file. Pillow is imported by the first picture."""

import io
from typing import Final

from handlers.telegram.screen import Document

BYTES: Final = 10 * 1024 * 1024
SIDES: Final = 10_000  # width and height together
RATIO: Final = 20  # of the longer side to the shorter
SHOWN: Final = 1280  # points of the longer side that are left of a photo


def photo_or_file(content: bytes, name: str) -> tuple[bytes | None, Document | None]:
    """A picture as a photo, or as a file of that name where it is no photo for Telegram; the other is None."""
    return (content, None) if fits(content) else (None, Document(name=f"{name}{suffix_of(content)}", content=content))


def suffix_of(picture: bytes) -> str:
    """Of its file's name, with the dot."""
    return ".jpg" if picture.startswith(b"\xff\xd8") else ".png"


def fits(content: bytes) -> bool:
    from PIL import Image

    if len(content) > BYTES:
        return False
    try:
        with Image.open(io.BytesIO(content)) as picture:
            short, long = sorted(picture.size)
    except (OSError, Image.DecompressionBombError):
        return False
    return short + long <= SIDES and long <= RATIO * short


def loses(content: bytes) -> bool:
    """Whether a picture is less as a photo: smaller, or no longer transparent."""
    from PIL import Image

    if not fits(content):
        return True
    with Image.open(io.BytesIO(content)) as picture:
        if max(picture.size) > SHOWN:
            return True
        if "A" not in picture.getbands():
            return False
        return picture.getchannel("A").histogram()[255] < picture.width * picture.height
