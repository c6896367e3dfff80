"""What comes with an answer, in messages of its own below it: numbers that are too many for a line, pictures."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

from db.base import JsonObject

LISTED: Final = 24  # so many numbers a line of an answer takes


class Enclosure(StrEnum):
    TABLE = "table"
    """All numbers of the series."""
    PICTURES = "pictures"
    """Those that found no place in the answer."""
    ORIGINALS = "originals"
    """Of pictures that lose something as photos."""


def enclosures(result: JsonObject | None, *, painted: bool) -> Iterator[Enclosure]:
    """What there may be to send. `painted`: the model made pictures."""
    if result is None:
        return
    if any(isinstance(answer, list) and not fits_a_line(answer) for answer in result["outputs"].values()):
        yield Enclosure.TABLE
    if painted:
        yield Enclosure.PICTURES
        yield Enclosure.ORIGINALS


def fits_a_line(series: list[Any]) -> bool:
    """Whether its words are all of it. `series`: numbers, or threes of low, middle and high, of which the last is
    told."""
    return len(series) <= (1 if series and isinstance(series[0], list) else LISTED)
