"""Two hundred kinds of pictures that somebody may send: sound ones of every mode and turn, huge and moving ones, broken
ones, and what is no picture at all. Each is made when it is asked for, always the same."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from PIL import Image
from PIL.PngImagePlugin import PngInfo

Make = Callable[[], bytes]


def all_kinds() -> dict[str, Make]:
    return dict([*_sound(), *_turned(), *_small_and_long(), *_huge(), *_moving(), *_no_pictures(), *_broken()])


def _colours(size: tuple[int, int] = (90, 60), mode: str = "RGB") -> Image.Image:
    chance = random.Random(7)
    picture = Image.frombytes("RGB", (6, 4), bytes(chance.randrange(256) for _ in range(72))).resize(size)
    if mode in {"I;16", "I", "F"}:
        return picture.convert("L").convert("I").point(lambda value: value * 200).convert(mode)
    return picture.convert(mode)


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK", "YCbCr"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("L", "P"),
    "BMP": ("1", "L", "P", "RGB"),
    "AVIF": ("RGB", "RGBA"),
    "HEIF": ("RGB", "RGBA"),
    "TIFF": ("RGB", "CMYK", "F"),
    "ICO": ("RGBA",),
}


def _sound() -> Iterator[tuple[str, Make]]:
    for kind, modes in MODES.items():
        for mode in modes:
            yield f"{kind} {mode}", partial(_of_mode, kind, mode)
    yield "JPEG progressive", lambda: _saved(_colours(), "JPEG", progressive=True)
    yield "JPEG of sixteenths", lambda: _saved(_colours(), "JPEG", quality=1, subsampling=2)
    yield "PNG with a transparent colour", lambda: _saved(_colours(mode="P"), "PNG", transparency=3)
    yield "WebP without loss", lambda: _saved(_colours(), "WEBP", lossless=True)


def _of_mode(kind: str, mode: str) -> bytes:
    if kind == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    return _saved(_colours(mode=mode), kind)


def _turned() -> Iterator[tuple[str, Make]]:
    for turn in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65535):
        for kind in ("JPEG", "PNG", "WEBP"):
            yield f"{kind} turned {turn}", partial(_with_exif, kind, turn)


def _with_exif(kind: str, turn: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = turn
    exif[0x010E] = "a secret name"
    exif.get_ifd(0x8825)[2] = (55.0, 45.0, 7.0)  # where it was taken
    return _saved(_colours(), kind, exif=exif)


def _small_and_long() -> Iterator[tuple[str, Make]]:
    for size in ((1, 1), (1, 2), (3, 1), (1, 9000), (9000, 1), (1, 65_000), (2, 2), (16_000, 3)):
        yield f"PNG {size[0]} × {size[1]}", lambda size=size: _saved(Image.new("RGB", size, "teal"), "PNG")  # type: ignore[misc]
    yield "JPEG 1 × 1", lambda: _saved(Image.new("RGB", (1, 1)), "JPEG")
    yield "WebP 1 × 1", lambda: _saved(Image.new("RGB", (1, 1)), "WEBP")


def _huge() -> Iterator[tuple[str, Make]]:
    for side in (4_000, 5_000, 7_000, 20_000, 60_000):
        for depth, colour in ((8, 0), (8, 2), (16, 6), (1, 3)):
            name = f"PNG {side} × {side}, {depth} bits of type {colour}"
            yield name, partial(_flat_png, side, side, depth, colour)
    yield "PNG that is said to be huge", lambda: _flat_png(2**31 - 1, 2**31 - 1, 8, 2, rows=1)
    yield "JPEG 20,000 × 3,000", lambda: _saved(Image.new("L", (20_000, 3_000), 90), "JPEG")
    yield "JPEG that is said to be huge", lambda: _resized_jpeg(65_500)
    yield "GIF that is said to be huge", lambda: b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(60)
    yield "BMP that is said to be huge", lambda: _resized_bmp(40_000)
    yield "WebP that is said to be huge", lambda: _resized_webp(16_383)
    yield "PNG with a long note", lambda: _noted(40_000_000)
    yield "PNG with many notes", lambda: _saved(_colours(), "PNG", pnginfo=_notes(2_000))
    yield "PNG with a profile of 50 MB", lambda: _saved(_colours(), "PNG", icc_profile=bytes(50_000_000))
    yield "over 20 MB", lambda: _saved(_colours(), "JPEG") + bytes(21_000_000)


def _flat_png(width: int, height: int, depth: int, colour: int, *, rows: int | None = None) -> bytes:
    """Of one colour; hardly any bytes."""
    channels = {0: 1, 2: 3, 3: 1, 6: 4}[colour]
    line = bytes(1 + -(-min(width, 100_000) * depth * channels // 8))
    pack = zlib.compressobj(1)
    packed = b"".join(pack.compress(line) for _ in range(min(height, 3_000) if rows is None else rows)) + pack.flush()

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    palette = chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + palette + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def _resized_jpeg(side: int) -> bytes:
    data = bytearray(_saved(_colours(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", side, side)
    return bytes(data)


def _resized_bmp(side: int) -> bytes:
    data = bytearray(_saved(_colours(), "BMP"))
    data[18:26] = struct.pack("<ii", side, side)
    return bytes(data)


def _resized_webp(side: int) -> bytes:
    data = bytearray(_saved(_colours(), "WEBP"))
    at = data.index(b"\x9d\x01\x2a") + 3
    data[at : at + 4] = struct.pack("<HH", side, side)
    return bytes(data)


def _noted(size: int) -> bytes:
    notes = PngInfo()
    notes.add_text("note", "a" * size, zip=True)
    return _saved(_colours(), "PNG", pnginfo=notes)


def _notes(count: int) -> PngInfo:
    notes = PngInfo()
    for number in range(count):
        notes.add_text(f"note {number}", "b" * 2_000, zip=True)
    return notes


def _moving() -> Iterator[tuple[str, Make]]:
    for kind in ("GIF", "WEBP", "PNG", "AVIF"):
        for frames in (2, 40):
            yield f"{kind} of {frames} frames", partial(_film, kind, frames)


def _film(kind: str, frames: int) -> bytes:
    pictures = [_colours().rotate(5 * number) for number in range(frames)]
    return _saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=40)


def _no_pictures() -> Iterator[tuple[str, Make]]:
    yield from {
        "nothing": lambda: b"",
        "a letter": lambda: b"a",
        "words": lambda: b"This is no picture at all.\n" * 40,
        "zeros": lambda: bytes(100_000),
        "SVG": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "HTML": lambda: b"<!doctype html><title>404</title>",
        "ZIP": _zip,
        "PDF": lambda: b"%PDF-1.7\n1 0 obj<<>>endobj\n" + bytes(500),
        "video": lambda: struct.pack(">I", 32) + b"ftypisom" + bytes(5_000),
        "animated sticker": lambda: zlib.compress(b'{"tgs":1,"v":"5.5.2"}' * 50, wbits=31),
        "video sticker": lambda: b"\x1a\x45\xdf\xa3" + bytes(2_000),
        "PostScript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nwhile true\n",
        "HEIC without anything": lambda: struct.pack(">I", 24) + b"ftypheic" + bytes(12),
        "AVIF without anything": lambda: struct.pack(">I", 24) + b"ftypavif" + bytes(12),
        "noise": lambda: random.Random(3).randbytes(60_000),
    }.items()


def _zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("picture.png", bytes(5_000_000))
    return stream.getvalue()


def _broken() -> Iterator[tuple[str, Make]]:
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "AVIF", "HEIF"):
        mode = "P" if kind == "GIF" else "RGB"
        for share in (0.02, 0.3, 0.6, 0.9):
            yield f"{kind} cut at {share:.0%}", partial(_cut, kind, mode, share)
        for seed in range(8):
            yield f"{kind} with wrong bytes, {seed}", partial(_scrambled, kind, mode, seed)
        yield f"{kind} with a tail", lambda kind=kind, mode=mode: _of_mode(kind, mode) + bytes(5_000)  # type: ignore[misc]


def _cut(kind: str, mode: str, share: float) -> bytes:
    data = _of_mode(kind, mode)
    return data[: int(len(data) * share)]


def _scrambled(kind: str, mode: str, seed: int) -> bytes:
    chance, data = random.Random(seed), bytearray(_of_mode(kind, mode))
    for _ in range(1 + 4 * seed):
        data[chance.randrange(8, len(data))] = chance.randrange(256)
    return bytes(data)
