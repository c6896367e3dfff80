"""The colours of what is drawn over photos, with the signs that a legend in words has for the first of them."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Colour(NamedTuple):
    rgb: tuple[int, int, int]
    sign: str = "▫️"


COLOURS: Final = (
    Colour((221, 46, 68), "🟥"),
    Colour((85, 172, 238), "🟦"),
    Colour((253, 203, 88), "🟨"),
    Colour((120, 177, 89), "🟩"),
    Colour((170, 142, 214), "🟪"),
    Colour((244, 144, 12), "🟧"),
    Colour((193, 105, 79), "🟫"),
    Colour((20, 184, 166)),
    Colour((236, 72, 153)),
    Colour((132, 204, 22)),
)
SIGNED: Final = 7
REST: Final = Colour((200, 200, 200))
"""What a mask paints beyond those with a sign."""


def ranked_shares(shares: Mapping[str, float], *, background: str | None) -> list[tuple[str, float]]:
    """Classes that are painted, the largest first: as they are coloured and told."""
    there = [(value, share) for value, share in shares.items() if value != background]
    return sorted(there, key=lambda each: (-each[1], each[0]))
