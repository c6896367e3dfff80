"""What parts the columns of a CSV file."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from typing import Final

_DELIMITERS: Final = (";", "\t", "|", ",")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_SAMPLE: Final = 50  # rows that tell the delimiter
_TITLES: Final = 10  # rows above a heading


def lines(text: str) -> Iterator[str]:
    """A copy of all of it, as a file in memory has, takes four times its size."""
    return (line.group() for line in _LINE.finditer(text))


def find_delimiter(text: str) -> str:
    """What parts the heading, and nearly all after it, into columns; nothing where there is one column alone. Single
    cells above are a title, below what is written under a table."""
    for delimiter in _DELIMITERS:
        rows = _first_rows(text, delimiter)
        table = list(dropwhile(_is_single, rows))
        titles = len(rows) - len(table)
        while table and _is_single(table[-1]):
            table.pop()
        if table and titles <= _TITLES and _are_columns(table, delimiter, titled=titles > 0):
            return delimiter
    heading = next(iter(_first_rows(text, ",")), [""])
    return "" if _is_single(heading) else ","


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    """Those that hold anything; none where it cannot be read so."""
    reader = csv.reader(lines(text[:100_000]), delimiter=delimiter, skipinitialspace=True)
    try:
        return [row for row, _ in zip(reader, range(_SAMPLE), strict=False) if any(row)]
    except csv.Error:
        return []


def _is_single(row: Sequence[str]) -> bool:
    return len(row) == 1


def _are_columns(rows: Sequence[Sequence[str]], delimiter: str, *, titled: bool) -> bool:
    """Sentences have commas, too: below a single cell they are columns only where each row has as many, and
    figures below names."""
    if titled and len(rows) < 2:
        return False
    if titled and delimiter == ",":
        named = all(any(map(str.isalpha, cell)) for cell in rows[0])
        below = [cell for row in rows[1:] for cell in row]
        figures = sum(any(map(str.isdigit, cell)) for cell in below)
        return named and len({len(row) for row in rows}) == 1 and figures * 2 >= len(below)
    return sum(len(row) > 1 for row in rows) >= 0.8 * len(rows)
