"""Voice messages as phones record them: Opus in Ogg. Silence is made here, and how long a recording is is read."""

from typing import Final

RATE: Final = 48_000  # a second, of what pages count in
FRAME: Final = 960  # 20 ms
A_PAGE: Final = 50  # frames
_SILENT: Final = b"\xf8\xff\xfe"  # a frame
_SERIAL: Final = (1).to_bytes(4, "little")
_HEAD: Final = b"OpusHead\x01\x01" + bytes(2) + RATE.to_bytes(4, "little") + bytes(3)
_TAGS: Final = b"OpusTags" + (7).to_bytes(4, "little") + b"sandbox" + bytes(4)


def silence(seconds: float) -> bytes:
    left, made = max(1, round(seconds * RATE / FRAME)), 0
    pages = [_page([_HEAD], 2, 0, 0), _page([_TAGS], 0, 0, 1)]
    while left:
        count = min(left, A_PAGE)
        left, made = left - count, made + count
        pages.append(_page([_SILENT] * count, 0 if left else 4, made * FRAME, len(pages)))
    return b"".join(pages)


def seconds_of(sound: bytes) -> float | None:
    """As its last page says; None for what is no such recording."""
    last = sound.rfind(b"OggS")
    if not sound.startswith(b"OggS") or b"OpusHead" not in sound[:64] or len(sound) < last + 14:
        return None
    return int.from_bytes(sound[last + 6 : last + 14], "little") / RATE


def _page(packets: list[bytes], kind: int, position: int, number: int) -> bytes:
    """`kind`: 2 of the first, 4 of the last; packets are shorter than 255 bytes."""
    sizes = bytes([len(packets), *map(len, packets)])
    head = b"OggS\x00" + bytes([kind]) + position.to_bytes(8, "little") + _SERIAL + number.to_bytes(4, "little")
    rest = sizes + b"".join(packets)
    return head + _checksum(head + bytes(4) + rest).to_bytes(4, "little") + rest


def _checksum(page: bytes) -> int:
    """Ogg's own: the polynomial of CRC-32, not reflected, from zero."""
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = (found << 1) ^ 0x104C11DB7 if found & 0x80000000 else found << 1
    return found
