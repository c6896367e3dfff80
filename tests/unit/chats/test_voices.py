"""How long a voice message is: as it would be played, whatever is claimed."""

import random

import pytest

from sandbox.ogg import silence
from services.chats.voices import NotASound, VoiceTooLong, spoken_seconds


@pytest.mark.parametrize(("seconds", "begun"), [(0.02, 1), (1, 1), (1.02, 2), (3, 3), (119.9, 120)])
def test_begun_seconds(seconds: float, begun: int) -> None:
    assert spoken_seconds(silence(seconds), most=120) == begun


def test_longer_than_is_taken() -> None:
    with pytest.raises(VoiceTooLong):
        spoken_seconds(silence(120.02), most=120)


def test_pages_that_claim_less_are_not_believed() -> None:
    """Their positions may say anything: a decoder plays every packet."""
    sound = bytearray(silence(61))
    place = 0
    while (place := sound.find(b"OggS", place)) >= 0:
        sound[place + 6 : place + 14] = bytes(8)
        place += 4
    assert spoken_seconds(bytes(sound), most=120) == 61


@pytest.mark.parametrize(("told", "units"), [(0x00, 4), (0x18, 24), (0x60, 4), (0x81, 2), (0xFA, 16), (0xFB, 24)])
def test_frames_of_every_kind(told: int, units: int) -> None:
    """By configuration and count, in 2.5 ms: a packet of the last kind says how many frames it has."""
    packet = bytes([told, 3]) + bytes(8)
    page = b"OggS" + bytes(22) + b"\x01" + bytes([len(packet)]) + packet
    assert spoken_seconds(silence(0.02)[: _second_page_end()] + page * 100, most=60) == -(-units * 100 // 400)


def _second_page_end() -> int:
    sound = silence(0.02)
    return sound.rfind(b"OggS")


@pytest.mark.parametrize(
    "sound",
    [
        b"",
        b"OggS",
        b"OggS\x00\x02" + bytes(200),
        b"ID3\x03 an mp3",
        silence(3)[:-1],
        silence(3)[:60],
        silence(3) + b"more",
        silence(0.02)[: _second_page_end()],
        silence(0.02)[: _second_page_end()] + b"OggS" + bytes(22) + b"\x01\x00",
        silence(0.02)[: _second_page_end()] + b"OggS" + bytes(22) + b"\x01\x02\xfb\x00",
    ],
    ids=[
        "empty",
        "a head",
        "zeros",
        "mp3",
        "cut",
        "cut early",
        "more",
        "nothing in it",
        "an empty packet",
        "no frames",
    ],
)
def test_no_sound(sound: bytes) -> None:
    with pytest.raises(NotASound):
        spoken_seconds(sound, most=60)


def test_whatever_is_sent() -> None:
    chance, sound = random.Random(17), silence(2)
    for _ in range(2_000):
        spoiled = bytearray(sound)
        for _ in range(chance.randint(1, 4)):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
        try:
            assert 0 < spoken_seconds(bytes(spoiled), most=60) <= 60
        except (NotASound, VoiceTooLong):
            continue
