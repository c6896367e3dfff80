"""A picture of a server as it is handed on: decoded within bounds and written anew, for some servers write the prompt
into their files."""

import io
from typing import TYPE_CHECKING, Final

from services.inference.errors import BadOutput

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS: Final = 20_000_000
FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_KEPT: Final = frozenset({"L", "LA", "RGB", "RGBA"})


def written_anew(content: bytes) -> bytes:
    """PNG with nothing in it but the picture. Raises BadOutput."""
    from PIL import Image  # 4 MB, of shops without such a model too

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise BadOutput(problem=f"a picture of {picture.width} × {picture.height}")
            bare = picture if picture.mode in _KEPT else picture.convert("RGBA" if _sees_through(picture) else "RGB")
            bare.load()
    except BadOutput:
        raise
    except Exception as error:  # whatever a stranger's file makes Pillow raise
        raise BadOutput(problem=f"no picture that can be read ({type(error).__name__})") from error
    bare.info.clear()  # all that is written beside the points is taken from there
    stream = io.BytesIO()
    bare.save(stream, "PNG")
    return stream.getvalue()


def _sees_through(picture: "Image.Image") -> bool:
    return picture.has_transparency_data


def suffix_of(content: bytes) -> str:
    return "jpg" if content.startswith(b"\xff\xd8") else "webp" if content[8:12] == b"WEBP" else "png"
