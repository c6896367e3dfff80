"""Finding the numbers in a text: a table with columns, or just numbers one after another."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from services.digits import ascii_digits
from services.inference.dates import date_keys, is_date
from services.inference.errors import NotATextFile, TooManyColumns, TooManyValues
from services.inference.numerals import read_numeral, same_unit

_CLOSE = (
    "close", "closing price", "close price", "close/last", "закрытие", "цена закрытия", "закр.", "закр", "price",
    "цена", "курс", "adj close", "adj. close", "adjusted close", "last", "value", "значение",
)  # fmt: skip
_BLANK = {"", ".", "-", "—", "–", "null", "nan", "n/a", "na", "none", "н/д", "#n/a"}
_GROUPED = re.compile(r"-?(\d{1,2}( \d{3})+([.,]\d+)?|\d{1,3}( \d{3})+[.,]\d+)", re.ASCII)
_SAMPLE = 200
_MAX_PREAMBLE = 50
_MAX_COLUMNS = 256
MAX_VALUES = 200_000  # so that the longest file takes a second or two


class Cell(NamedTuple):
    line: int
    text: str


class Row(NamedTuple):
    line: int
    cells: list[str]


def read_table(text: str, *, is_file: bool) -> list[Cell] | None:
    """The cells of the column of values, oldest first; None where the text is no table.

    Columns are believed where there is a heading, a date in front or, in a file, a separator on every line.
    """
    lines = _lines(text)
    delimiter = _delimiter([line for _, line in lines[:_SAMPLE]], is_file=is_file)
    if delimiter is None:
        return None
    rows = list(_rows(lines, delimiter))
    told = (any(_is_number(cell) or is_date(cell) for cell in row.cells) for row in rows[:_MAX_PREAMBLE])
    start = next((i for i, has_values in enumerate(told) if has_values), None)
    if start is None:
        return None
    header, rows = (rows[start - 1] if start else None), rows[start:]
    if header is not None and delimiter == ",":
        _check_width(header, rows)
    column = _column(header, rows[:_SAMPLE])
    cells = [Cell(row.line, row.cells[column]) for row in _in_order(rows) if column < len(row.cells)]
    return [cell for cell in cells if not _is_blank(cell.text)]


def read_flow(text: str) -> list[Cell]:
    """Numbers one after another, each with its line; heading lines without a digit are passed over."""
    lines = [(n, line) for n, line in _lines(text) if not _is_blank(line)]
    start = next((i for i, (_, line) in enumerate(lines) if any(c.isdigit() for c in line)), len(lines))
    lines = lines[start:]
    if len(lines) > 1 and all(_GROUPED.fullmatch(ascii_digits(line)) for _, line in lines):
        return [Cell(n, line) for n, line in lines]
    cells = [Cell(n, token) for n, line in lines for token in islice(_tokens(line), MAX_VALUES + 1)]
    if len(cells) > MAX_VALUES:
        raise TooManyValues(max=MAX_VALUES)
    return cells


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    lines = [(n, line.strip(" ")) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > MAX_VALUES:
        raise TooManyValues(max=MAX_VALUES)
    return lines


def _tokens(line: str) -> Iterator[str]:
    """The numbers of a line. No-break and thin spaces separate thousands; a lone comma inside a number is decimal."""
    for part in re.split(r"[ \t;]+|,(?=[ \t])", line):
        token = part.strip(",")
        whole = token.count(",") < 2 if "." not in token else read_numeral(token) is not None
        if token:
            yield from [token] if whole else filter(None, token.split(","))


def _is_blank(cell: str) -> bool:
    return cell.strip().casefold() in _BLANK


def _is_number(cell: str) -> bool:
    if is_date(cell):
        return False
    numeral = read_numeral(cell)
    return numeral is not None and (not numeral.unit or same_unit(numeral.unit, ()))


def _delimiter(lines: Sequence[str], *, is_file: bool) -> str | None:
    """`;`, tab, `|`, `,` or a space where it separates columns in nearly every line."""
    for delimiter in (";", "\t", "|", ","):
        with_it = [line for line in lines if delimiter in line]
        if len(with_it) >= 2 and len(with_it) >= 0.8 * len(lines) and _separates(delimiter, with_it, is_file=is_file):
            return delimiter
    dated = [line for line in lines if len(words := line.split()) > 1 and is_date(words[0])]
    return " " if len(dated) * 2 > len(lines) else None


def _separates(delimiter: str, lines: Sequence[str], *, is_file: bool) -> bool:
    """Whether it stands between columns here: a comma may be a decimal one, or prose of a heading ("Price, USD")."""
    first, second = lines[0], lines[1]
    heading = any(c.isalpha() for c in first) and not is_date(first.partition(delimiter)[0])
    if sum(is_date(line.partition(delimiter)[0]) for line in lines) * 2 > len(lines):
        return True
    if delimiter != ",":
        return heading or is_file
    if '"' in second or (heading and (", " not in first or ", " in second)):
        return True
    even = all(line.count(",") == first.count(",") for line in lines)
    return is_file and even and (first.count(",") > 1 or any("." in line for line in lines[1:]))


def _rows(lines: Sequence[tuple[int, str]], delimiter: str) -> Iterator[Row]:
    if delimiter == " ":
        yield from (Row(n, line.split()[:_MAX_COLUMNS]) for n, line in lines)
        return
    reader = csv.reader((line for _, line in lines), delimiter=delimiter, skipinitialspace=True)
    try:
        for cells in reader:
            yield Row(lines[reader.line_num - 1][0], [cell.strip() for cell in cells[:_MAX_COLUMNS]])
    except csv.Error:
        raise NotATextFile() from None


def _check_width(header: Row, rows: Sequence[Row]) -> None:
    expected = len(header.cells)
    for row in rows:
        if any(row.cells[expected:]):
            raise TooManyColumns(line=row.line, count=len(row.cells), expected=expected)


def _column(header: Row | None, rows: Sequence[Row]) -> int:
    """The column named close, price or the like, otherwise the last one that holds numbers."""
    names = [cell.casefold().strip(' <>"').replace("_", " ") for cell in header.cells] if header else []
    for wanted in _CLOSE:
        if wanted in names:
            return names.index(wanted)
    for wanted in ("close", "закр", "price", "цена"):
        for column, name in enumerate(names):
            if name.startswith(wanted):
                return column
    width = max(len(row.cells) for row in rows)
    filled = [
        [row.cells[c] for row in rows if c < len(row.cells) and not _is_blank(row.cells[c])] for c in range(width)
    ]
    shares = [sum(map(_is_number, cells)) / len(cells) if cells else 0.0 for cells in filled]
    numeric = [column for column, share in enumerate(shares) if share >= 0.8]
    return numeric[-1] if numeric else max(range(width), key=lambda column: shares[column])


def _in_order(rows: Sequence[Row]) -> Sequence[Row]:
    """Oldest first, where every line has a date; otherwise as given."""
    width = min(len(row.cells) for row in rows)
    for column in range(width):
        if all(is_date(row.cells[column]) for row in rows[:_SAMPLE]):
            keys = date_keys([row.cells[column] for row in rows])
            if keys is None:
                return rows
            if keys[0] > keys[-1]:
                rows, keys = rows[::-1], keys[::-1]
            return [row for _, row in sorted(zip(keys, rows, strict=True), key=lambda pair: pair[0])]
    return rows
