"""What comes with an answer, in messages of its own below it: numbers that are too many for a line, pictures."""

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Any, Final

from db.base import JsonObject

LISTED: Final = 24  # so many numbers a line of an answer takes
WORDS: Final = 1500  # so many characters of texts a message shows
CAPTION_WORDS: Final = 500  # beside a picture, which a chart is too


class Enclosure(StrEnum):
    TABLE = "table"
    """All numbers of series and vectors, tables."""
    TEXTS = "texts"
    """Those of which the answer shows the beginning."""
    PICTURES = "pictures"
    """Those that found no place in the answer."""
    ORIGINALS = "originals"
    """Of pictures that lose something as photos."""
    SOUNDS = "sounds"


def enclosures(result: JsonObject | None, *, painted: bool) -> Iterator[Enclosure]:
    """What there may be to send. `painted`: the model made pictures or sounds."""
    if result is None:
        return
    if any(map(_is_for_a_file, result["outputs"].values())):
        yield Enclosure.TABLE
    if not _fit_a_message(result["outputs"].values(), painted=painted):
        yield Enclosure.TEXTS
    if painted:
        yield Enclosure.PICTURES
        yield Enclosure.ORIGINALS
        yield Enclosure.SOUNDS


def _is_for_a_file(answer: Any) -> bool:
    """Too many numbers, or a table."""
    if isinstance(answer, dict):
        return "rows" in answer
    return isinstance(answer, list) and not fits_a_line(answer)


def fits_a_line(series: list[Any]) -> bool:
    """Whether its words are all of it. `series`: numbers, or threes of low, middle and high, of which the last is
    told."""
    return len(series) <= (1 if series and isinstance(series[0], list) else LISTED)


def _fit_a_message(answers: Collection[Any], *, painted: bool) -> bool:
    texts = [answer for answer in answers if isinstance(answer, str)]
    may_be_drawn = painted or any(isinstance(answer, list | dict) for answer in answers)
    whole = all(len(answer.splitlines()) < 2 for answer in texts)
    return whole and sum(map(len, texts)) <= (CAPTION_WORDS if may_be_drawn else WORDS)
