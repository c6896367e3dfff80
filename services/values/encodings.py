"""Bytes of strangers as text."""

from typing import Final

from services.values.errors import NotATextFile

_HIGH_BYTES: Final = 4  # of Latin and Cyrillic letters in UTF-16; no letter of a text in bytes is so low


def decode(data: bytes) -> str:
    """UTF-8 or UTF-16, with or without a BOM, else Windows-1251; refuses what is not text."""
    for bom, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(bom):
            return _decode(data, encoding)
    for half, encoding in ((data[1::2], "utf-16-le"), (data[::2], "utf-16-be")):
        if len(data) >= 4 and max(half) <= _HIGH_BYTES:
            return _decode(data, encoding)
    try:
        return _decode(data, "utf-8")
    except NotATextFile:
        return _decode(data, "cp1251")


def _decode(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise NotATextFile() from None
    if any(ord(c) < 32 and c not in "\t\n\r\f\x1a" for c in set(text)):
        raise NotATextFile()
    return text.replace("\x1a", "")  # the end-of-file mark of old DOS exports
