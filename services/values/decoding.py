"""A stranger's picture in bounded memory: what decoding it will take is reckoned from its header, then it is decoded
once and reduced piece by piece."""

from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO, Final

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin
from PIL.JpegImagePlugin import JpegImageFile

from services.manifests.preparation import LONGEST, MAX_BYTES
from services.values.errors import FileTooLarge, ImageTooLarge, MovingPicture, NotAnImage

MAX_PIXELS: Final = 60_000_000
DECODED_BYTES: Final = 64_000_000  # what a picture may take while it is decoded
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "HEIF")
MOVING: Final = frozenset({"GIF", "WEBP", "PNG", "AVIF"})  # several frames are a film there
PIECE: Final = 512

_POINT = {"1": 1, "L": 1, "P": 1, "I;16": 2}  # bytes in Pillow's memory; every other mode has 4
_VIDEO_POINT = 10  # AVIF and HEIC: planes of the codec, and their colours
_VIDEO_BYTES = 150_000_000  # that they may take: photos of telephones are among them
_WEBP_POINT = 20  # two canvases, the frame, its copy and Pillow's own
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PngImagePlugin.MAX_TEXT_MEMORY = 4 * PngImagePlugin.MAX_TEXT_CHUNK  # notes in a picture, which nobody reads here


def read_picture(file: BinaryIO, longest: int = LONGEST) -> Image.Image:
    """The picture upright, on white where it was transparent, 8 bits deep, no side over `longest` points.

    Raises FileTooLarge, ImageTooLarge, MovingPicture, NotAnImage; MemoryError in a process whose memory is bounded.
    """
    if file.seek(0, 2) > MAX_BYTES:
        raise FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    try:
        _check_webp(file)
        _open_heif(file)
        file.seek(0)
        with Image.open(file, formats=FORMATS) as picture:
            if picture.format in MOVING and getattr(picture, "is_animated", False):
                raise MovingPicture()
            _check_size(picture, file, longest)
            return _upright(picture, longest)
    except (ImageTooLarge, MovingPicture, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(1) from error
    except Exception as error:
        raise NotAnImage() from error


def _open_heif(file: BinaryIO) -> None:
    """Have HEIC photos opened, where the package is there: 10 MB that no other picture needs."""
    file.seek(4)
    if file.read(4) == b"ftyp" and file.read(4) in _HEIF_BRANDS:
        with suppress(ImportError):
            from pillow_heif import register_heif_opener

            register_heif_opener(thumbnails=False)


def _too_large(point: float) -> ImageTooLarge:
    """`point`: bytes that each of its points takes."""
    return ImageTooLarge(megapixels=min(MAX_PIXELS, int(DECODED_BYTES / point)) // 1_000_000)


def _check_size(picture: Image.Image, file: BinaryIO, longest: int) -> None:
    """Refuse by the header. A large JPEG is decoded at a half, a quarter or an eighth at once."""
    width, height = picture.size
    if picture.format in {"AVIF", "HEIF"}:
        if width * height * _VIDEO_POINT > _VIDEO_BYTES:
            raise ImageTooLarge(megapixels=_VIDEO_BYTES // _VIDEO_POINT // 1_000_000)
        return
    point: float = _POINT.get(picture.mode, 4)
    kept = 0
    if isinstance(picture, JpegImageFile):
        scans = _scan_bytes(picture, file)
        scale = max(1.0, max(width, height) / longest)
        picture.draft(None, (max(1, int(width / scale)), max(1, int(height / scale))))
        kept, point = int(scans * width * height), max(scans, 1)
    if (
        width * height > MAX_PIXELS
        or kept + picture.width * picture.height * _POINT.get(picture.mode, 4) > DECODED_BYTES
    ):
        raise _too_large(point)


def _scan_bytes(picture: JpegImageFile, file: BinaryIO) -> float:
    """How many bytes a point libjpeg keeps until the last scan is read; none where one scan has everything."""
    if not picture.info.get("progressive") and _first_scan(file) == len(picture.layer):
        return 0
    shares = [across * down for _, across, down, _ in picture.layer]
    return 2 * sum(shares) / max(shares)


def _first_scan(file: BinaryIO) -> int:
    """How many colour components the first scan of a JPEG has; 0 where it is not found."""
    file.seek(2)
    while len(head := file.read(4)) == 4 and head[0] == 0xFF:
        if head[1] == 0xDA:
            return file.read(1)[0]
        file.seek(int.from_bytes(head[2:]) - 2, 1)
    return 0


def _check_webp(file: BinaryIO) -> None:
    """WebP's decoder takes its canvases while Pillow opens the file: the size is read before."""
    file.seek(0)
    head = file.read(30)
    if len(head) < 30 or head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return
    match head[12:16]:
        case b"VP8X":
            width, height = (1 + int.from_bytes(head[at : at + 3], "little") for at in (24, 27))
        case b"VP8L":
            bits = int.from_bytes(head[21:25], "little")
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case _:
            width, height = (int.from_bytes(head[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    if width * height * _WEBP_POINT > DECODED_BYTES:
        raise _too_large(_WEBP_POINT)


def _upright(picture: Image.Image, longest: int) -> Image.Image:
    """Reduced, then turned as its EXIF says."""
    picture.load()
    turn = _TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    deep = picture.mode.startswith(("I", "F"))
    brightest = max(255.0, float(picture.getextrema()[1])) if deep else 255.0  # type: ignore[arg-type]  # one channel
    factor = max(1, max(picture.size) // longest)
    flat = deep or (picture.mode == "L" and not picture.has_transparency_data)
    small = Image.new("L" if flat else "RGB", (-(-picture.width // factor), -(-picture.height // factor)))
    for piece, corner in _pieces(picture, factor):
        plain = _plain(piece, brightest)
        small.paste(plain if factor == 1 else plain.reduce(factor), corner)
    if turn is not None:
        small = small.transpose(turn)
    small.thumbnail((longest, longest), Image.Resampling.BOX)
    return small


def _pieces(picture: Image.Image, factor: int) -> Iterator[tuple[Image.Image, tuple[int, int]]]:
    """Squares of the picture and where each is put once it is reduced by the factor."""
    side = factor * max(1, PIECE // factor)
    width, height = picture.size
    for top in range(0, height, side):
        for left in range(0, width, side):
            box = (left, top, min(left + side, width), min(top + side, height))
            yield picture.crop(box), (left // factor, top // factor)


def _plain(piece: Image.Image, brightest: float) -> Image.Image:
    """Without transparency and depth beyond 8 bits."""
    if piece.mode.startswith(("I", "F")):
        points = np.asarray(piece, np.float32) * (255 / brightest)
        return Image.fromarray(np.clip(points, 0, 255).astype(np.uint8))
    if piece.has_transparency_data:
        layer = piece.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return piece if piece.mode == "L" else piece.convert("RGB")
