"""Which column of a table answers which input."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.manifests.manifest import Input
from services.values.errors import InvalidValue
from services.values.parse import parse_text

_UNIT: Final = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\]|,\s*\S+)\s*$")
_WORD: Final = re.compile(r"\w+")
_STEM: Final = 3  # letters
_MARKS: Final = " \t:.;*\"'«»"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """`columns`: by input, from 0; `unclear`: inputs with the columns that may be meant, none where no name is alike.
    `by_order`: nothing was named as the inputs are, and there are as many. `header`: whether the first row is one."""

    columns: Mapping[str, int]
    unclear: Mapping[str, Sequence[int]] = field(default_factory=dict)
    by_order: bool = False
    header: bool = True


def match(fields: Sequence[Input], first: Sequence[str]) -> Matching:
    """`first`: the cells of the first row."""
    headings = [_names(text) for text in first]
    alike = {each.name: _alike(each, headings) for each in fields}
    if not any(alike.values()) and len([text for text in first if text]) == len(fields):
        places = [at for at, text in enumerate(first) if text]
        header = not all(_answers(each, first[at]) for each, at in zip(fields, places, strict=True))
        columns = {each.name: at for each, at in zip(fields, places, strict=True)}
        return Matching(columns=columns, by_order=True, header=header)
    columns = {name: places[0] for name, places in alike.items() if len(places) == 1}
    taken = list(columns.values())
    doubtful = {name for name, at in columns.items() if taken.count(at) > 1}
    unclear = {name: places for name, places in alike.items() if name in doubtful or len(places) != 1}
    return Matching(columns={k: v for k, v in columns.items() if k not in doubtful}, unclear=unclear)


def heading_at(fields: Sequence[Input], rows: Sequence[Sequence[str]]) -> int:
    """Which of the first rows holds the headings, from 0: the one that names most inputs. Where none does, the first
    but for titles, which are one text alone."""
    known = [sum(bool(_alike(each, [_names(text) for text in row])) for each in fields) for row in rows]
    if any(known):
        return known.index(max(known))
    texts = [{text for text in row if text} for row in rows]
    wide = next((at for at, found in enumerate(texts) if len(found) > 1), 0)
    return wide if any(text[0].isalpha() for text in texts[wide]) else 0


def likely(field: Input, headings: Sequence[str], samples: Sequence[Sequence[str]], places: Sequence[int]) -> list[int]:
    """Of these columns those that may answer the input first: of words of its name, then with a first value that fits.
    What holds nothing is left out."""
    names = set().union(*map(_names, (field.name, *field.label.all())))
    first = {at: next((row[at] for row in samples if at < len(row) and row[at]), "") for at in places}
    filled = [at for at in places if headings[at] or first[at]] or list(places)

    def far(at: int) -> tuple[float, bool]:
        alike = max((_likeness(name, _fold(headings[at])) for name in names), default=0)
        return -alike, not _answers(field, first[at])

    return sorted(filled, key=far)


def _likeness(name: str, heading: str) -> float:
    """How many of the name's words stand in the heading, of 1; endings do not count."""
    words = [word for word in _WORD.findall(name) if len(word) >= _STEM]
    stems = [word[: max(_STEM, len(word) - 2)] for word in words]
    found = _WORD.findall(heading)
    return sum(any(word.startswith(stem) for word in found) for stem in stems) / len(stems) if stems else 0


def _alike(field: Input, headings: Sequence[set[str]]) -> list[int]:
    """Columns called as the input is, in any language."""
    names = set().union(*map(_names, (field.name, *field.label.all())))
    return [at for at, found in enumerate(headings) if names & found]


def _names(heading: str) -> set[str]:
    """As it stands and without a unit behind it."""
    return {name for name in (_fold(heading), _fold(_UNIT.sub("", heading))) if name}


def _fold(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").replace("_", " ").split()).strip(_MARKS)


def _answers(field: Input, cell: str) -> bool:
    try:
        parse_text(field, cell)
    except InvalidValue:
        return False
    return True
