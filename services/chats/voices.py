"""Voice messages: how long they are, and what stands in their way. Telegram keeps them as Opus in Ogg, and tells the
length that a sender's program claims, so the sound itself is asked: what is paid by the minute is measured here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.errors import N_, ShopError

MAX_BYTES: Final = 10_000_000
MEDIA_TYPE: Final = "audio/ogg"
_HEADER: Final = 27  # bytes of a page before its table of segments
_UNITS: Final = 400  # of 2.5 ms, the shortest frame, in a second
_FRAMES: Final = (*(4, 8, 16, 24) * 3, *(4, 8) * 2, *(1, 2, 4, 8) * 4)  # units, by a packet's configuration


class VoiceNotTaken(ShopError):
    message = N_("The assistant reads text. Please write your message in words.")


class VoiceTooLong(ShopError):
    message = N_("A voice message may last {seconds} s at most. Please say it in parts, or write.")

    def __init__(self, *, seconds: int) -> None:
        super().__init__(seconds=seconds)


class NotASound(ShopError):
    message = N_("This is no voice message that can be listened to. Please record it here, or write.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentVoice:
    """A file of `files`, and the seconds that were begun in it."""

    file_id: UUID
    seconds: int


def spoken_seconds(sound: bytes, *, most: int) -> int:
    """Begun ones, as a decoder would play it. Raises VoiceTooLong, where it has more than `most`, and NotASound."""
    packets, units = _packets(sound), 0
    if not next(packets, b"").startswith(b"OpusHead") or not next(packets, b"").startswith(b"OpusTags"):
        raise NotASound
    for packet in packets:
        units += _units(packet)
        if units > most * _UNITS:
            raise VoiceTooLong(seconds=most)
    if not units:
        raise NotASound
    return -(-units // _UNITS)


def _units(packet: bytes) -> int:
    """How long a packet lasts. Its first byte tells the length of its frames and how many there are."""
    told = packet[0] if packet else 0xFF
    frames = (1, 2, 2)[told & 3] if told & 3 < 3 else packet[1] & 0x3F if len(packet) > 1 else 0
    if not frames:
        raise NotASound
    return frames * _FRAMES[told >> 3]


def _packets(sound: bytes) -> Iterator[bytes]:
    """A packet ends with a segment of less than 255 bytes, and may go on in the next page."""
    place, begun = 0, b""
    while place < len(sound):
        table = place + _HEADER
        if sound[place : place + 4] != b"OggS" or len(sound) < table:
            raise NotASound
        at = table + sound[table - 1]
        for size in sound[table:at]:
            begun += sound[at : at + size]
            at += size
            if size < 255:
                yield begun
                begun = b""
        if at > len(sound):
            raise NotASound
        place = at
