"""Files that a stranger may send to hurt a shop: small on the wire, large or slow once they are read."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

SIDE = 7_745  # its square is just under 60 million


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int = SIDE,
    height: int = SIDE,
    *,
    depth: int = 8,
    colour: int = 2,
    interlaced: bool = False,
    more: bytes = b"",
) -> bytes:
    """One colour all over. `colour` as PNG counts: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = bytes(1 + -(-width * depth * channels // 8))
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row * 64) for _ in range(height // 64 + 1 + 60 * interlaced)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    palette = chunk(b"PLTE", bytes(range(0, 256, 16)) * 3) if colour == 3 else b""
    parts = [chunk(b"IHDR", header), palette, more, chunk(b"IDAT", body), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def endless_scans() -> bytes:
    """A progressive JPEG whose last scan is told again and again."""
    plain = encoded(Image.new("L", (4000, 4000), 200), "JPEG", progressive=True)
    last = plain.rindex(b"\xff\xda")
    return plain[:-2] + plain[last:-2] * ((19_000_000 - len(plain)) // (len(plain) - 2 - last)) + b"\xff\xd9"


def noise(width: int, height: int) -> Image.Image:
    grain = np.random.default_rng(0).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    return Image.fromarray(grain).resize((width, height), Image.Resampling.NEAREST)


def _palette() -> Image.Image:
    return Image.new("P", (SIDE, SIDE), 3)


def _frames() -> bytes:
    frames = [Image.new("P", (3000, 3000), n) for n in range(30)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def _rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(Image.new("RGB", (SIDE, SIDE), "white"), "JPEG", exif=exif)


TEXT = b"note\0\0" + zlib.compress(bytes(1_000_000), 9)

PICTURES: dict[str, Callable[[], bytes]] = {
    "RGB": png,
    "RGBA": lambda: png(colour=6),
    "RGBA, just allowed": lambda: png(3_999, 3_999, colour=6),
    "RGB of 16 bits": lambda: png(depth=16),
    "grey of 16 bits": lambda: png(depth=16, colour=0),
    "grey of 16 bits, just allowed": lambda: png(5_650, 5_650, depth=16, colour=0),
    "grey and alpha": lambda: png(colour=4),
    "palette": lambda: png(colour=3),
    "transparent palette": lambda: png(colour=3, more=chunk(b"tRNS", b"\0\x80" * 8)),
    "one bit": lambda: png(depth=1, colour=0),
    "interlaced": lambda: png(3_999, 3_999, colour=6, interlaced=True),
    "a thread": lambda: png(60_000, 999, colour=3),
    "notes": lambda: png(100, 100, more=chunk(b"zTXt", TEXT) * 2_000),
    "a long note": lambda: png(100, 100, more=chunk(b"tEXt", b"note\0" + bytes(19_000_000))),
    "a colour profile": lambda: png(100, 100, more=chunk(b"iCCP", TEXT)),
    "JPEG": lambda: encoded(Image.new("RGB", (SIDE, SIDE), "white"), "JPEG"),
    "progressive JPEG": lambda: encoded(Image.new("RGB", (SIDE, SIDE), "white"), "JPEG", progressive=True),
    "CMYK JPEG": lambda: encoded(Image.new("CMYK", (SIDE, SIDE)), "JPEG"),
    "turned JPEG": _rotated,
    "thin JPEG": lambda: encoded(Image.new("RGB", (65_000, 900)), "JPEG"),
    "endless scans": endless_scans,
    "WebP": lambda: encoded(Image.new("RGB", (SIDE, SIDE), "white"), "WEBP", quality=1, method=0),
    "lossless WebP": lambda: encoded(Image.new("RGBA", (SIDE, SIDE)), "WEBP", lossless=True, method=0),
    "WebP, just allowed": lambda: encoded(noise(1_780, 1_780), "WEBP", method=0),
    "moving WebP": lambda: encoded(
        noise(1_700, 1_700), "WEBP", save_all=True, append_images=[Image.new("RGB", (1_700, 1_700))] * 20, method=0
    ),
    "GIF": lambda: encoded(_palette(), "GIF"),
    "moving GIF": _frames,
    "BMP": lambda: encoded(Image.new("RGB", (2_580, 2_580)), "BMP"),
    "BMP of bits": lambda: encoded(Image.new("1", (SIDE, SIDE)), "BMP"),
}


def _repeated(line: bytes, head: bytes = b"") -> bytes:
    return head + line * ((TABLE - len(head)) // len(line))


def _dated() -> bytes:
    """As long as it may be, and none of its days in order."""
    days = range(99_000)
    lines = [f"{day * 7 % 27 + 1:02}.{day * 5 % 12 + 1:02}.20{day % 90 + 10} {day % 24:02}:00;{day}" for day in days]
    return ("Date;Close\n" + "\n".join(lines)).encode()[:TABLE]


TABLE = 5_000_000
TABLES: dict[str, Callable[[], bytes]] = {
    "one column": lambda: _repeated(b"1\n"),
    "as many lines as are read": lambda: b"1.5\n" * 99_000,
    "one row": lambda: _repeated(b"12;", b"a;b\n"),
    "one row of commas": lambda: _repeated(b"12,"),
    "one row of spaces": lambda: _repeated(b"12 "),
    "wide rows": lambda: _repeated(b"12;" * 250 + b"1\n", b"a;b\n"),
    "an open quote": lambda: _repeated(b"12;13\n", b'a;b\n1;2\n3;"4'),
    "a row of quoted lines": lambda: b'a;b\n1;2\n3;"4' + b'\n";"' * 1_200_000,
    "1e999": lambda: _repeated(b"1e999\n"),
    "1e999 in one line": lambda: _repeated(b"1e999 "),
    "digits": lambda: b"7" * TABLE,
    "thousands": lambda: b"1" + b" 000" * 1_240_000,
    "points": lambda: b"." * TABLE,
    "UTF-16": lambda: ("1\n" * 1_249_000).encode("utf-16"),
    "letters beyond 16 bits": lambda: "\N{GRINNING FACE}".encode() * 1_249_000,
    "blank lines": lambda: b"\n" * TABLE,
    "blanks": lambda: b" " * TABLE,
    "dates out of order": _dated,
    "dates in front of words": lambda: _repeated(b"2020-01-01 " + b"x " * 400 + b"\n"),
    "a compressed table": lambda: b"PK\x03\x04" + bytes(4_000_000),
}
