"""Finding the numbers in a text: a table with columns, or just numbers one after another."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, dropwhile, islice
from typing import NamedTuple

from services.digits import ascii_digits
from services.values.columns import Column, ColumnsRow, is_blank, is_no_number, is_number, value_columns
from services.values.dates import date_keys, is_date
from services.values.errors import NotATextFile, TooManyColumns, TooManyValues, UnclosedQuote
from services.values.numerals import MAX_CHARS, read_numeral

_GROUPED = re.compile(r"-?(\d{1,2}( \d{3})+([.,]\d+)?|\d{1,3}( \d{3})+[.,]\d+)-?", re.ASCII)
_ENDS = "\n\r\v\f\x1c-\x1e\x85\u2028\u2029"  # of lines
_LINE = re.compile(rf"([^{_ENDS}]*)(?:\r\n|[{_ENDS}]|\Z)")
_DIGIT = re.compile(r"\d")
_WORD = re.compile("[^ \t;]+")
_PART = re.compile("[^,]+")
_SAMPLE = 200
_MAX_PREAMBLE = 50
_MAX_COLUMNS = 256
_MAX_ROW = 100_000  # characters
MAX_VALUES = 100_000  # as many as a question may ask for


class LineCell(NamedTuple):
    line: int
    text: str


class NumberTable:
    """A text whose lines have columns. `columns` are those with numbers, at least one: in front the one that people
    mean most often. Rows are read once, when the cells of one column are asked for; of the others nothing is kept."""

    def __init__(self, header: ColumnsRow | None, sample: Sequence[ColumnsRow], rows: Iterable[ColumnsRow]) -> None:
        self.columns = value_columns(header, sample)
        self._date = _dates(sample)
        self._rows = rows

    def cells(self, column: Column) -> list[LineCell]:
        """The filled cells, oldest first. Raises a leaf of InvalidValue."""
        return _in_order(self._rows, value=column.number - 1, date=self._date)


def find_table(text: str, *, is_file: bool) -> NumberTable | None:
    """None where the text is no table.

    Columns are believed where there is a heading, a date in front or, in a file, a separator on every line. The first
    rows tell which columns there are. Raises a leaf of InvalidValue.
    """
    sample = [line.text for line in islice(_lines(text), _SAMPLE)]
    delimiter = _delimiter(sample, is_file=is_file)
    if delimiter is None:
        return None
    rows = _rows(_lines(text), delimiter)
    first = list(islice(rows, _MAX_PREAMBLE + _SAMPLE))
    told = (any(is_number(cell) or is_date(cell) for cell in row.cells) for row in first[:_MAX_PREAMBLE])
    start = next((i for i, has_values in enumerate(told) if has_values), None)
    if start is None:
        return None
    header, first = (first[start - 1] if start else None), first[start:]
    everything: Iterable[ColumnsRow] = chain(first, rows)
    if header is not None and delimiter != " ":
        everything = _of_width(header, everything)
    return NumberTable(header, first[:_SAMPLE], everything)


def read_flow(text: str) -> list[LineCell]:
    """Numbers one after another, each with its line; heading lines without a digit are passed over."""
    told = (line for line in _lines(text) if not is_blank(line.text))
    lines = list(dropwhile(lambda line: not _DIGIT.search(line.text) and not is_no_number(line.text), told))
    if len(lines) > 1 and all(len(line) <= MAX_CHARS and _GROUPED.fullmatch(ascii_digits(line)) for _, line in lines):
        return lines
    cells = list(islice((LineCell(n, token) for n, line in lines for token in _tokens(line)), MAX_VALUES + 1))
    if len(cells) > MAX_VALUES:
        raise TooManyValues(max=MAX_VALUES)
    return cells


def _lines(text: str) -> Iterator[LineCell]:
    """The lines that are not blank, with their numbers, one by one. Raises TooManyValues."""
    kept = 0
    for number, found in enumerate(_LINE.finditer(text), start=1):
        line = found.group(1)
        filled = bool(line) and not line.isspace()
        kept += filled
        if kept > MAX_VALUES or number > 2 * MAX_VALUES:
            raise TooManyValues(max=MAX_VALUES)
        if filled:
            yield LineCell(number, line.strip(" "))


def _tokens(line: str) -> Iterator[str]:
    """The numbers of a line. No-break and thin spaces separate thousands; a lone comma inside a number is decimal."""
    for found in _WORD.finditer(line):
        token = found.group().strip(",")
        whole = token.count(",") < 2 if "." not in token else read_numeral(token) is not None
        if whole and token:
            yield token
        elif token:
            yield from (part.group() for part in _PART.finditer(token))


def _delimiter(lines: Sequence[str], *, is_file: bool) -> str | None:
    """`;`, tab, `|`, `,` or a space where it separates columns in nearly every line; in a file, in half of them."""
    for delimiter in (";", "\t", "|", ","):
        with_it = [line for line in lines if delimiter in line]
        share = 0.5 if is_file and delimiter != "," else 0.8  # a file of uneven lines is no row of numbers
        if len(with_it) >= 2 and len(with_it) >= share * len(lines) and _separates(delimiter, with_it, is_file=is_file):
            return delimiter
    dated = [line for line in lines if len(words := line.split(maxsplit=1)) > 1 and is_date(words[0])]
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


def _rows(lines: Iterator[LineCell], delimiter: str) -> Iterator[ColumnsRow]:
    if delimiter == " ":
        yield from (ColumnsRow(n, line.split(maxsplit=_MAX_COLUMNS)[:_MAX_COLUMNS]) for n, line in lines)
        return
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, skipinitialspace=True)
    try:
        for cells in reader:
            if feed.count > 1 and feed.quotes % 2:
                raise UnclosedQuote(line=feed.first)
            yield ColumnsRow(feed.line, [cell.strip() for cell in cells[:_MAX_COLUMNS]])
            feed.chars = feed.count = feed.quotes = 0
    except csv.Error:
        raise NotATextFile() from None


class _Feed:
    """Lines for one row after another: a quote that is never closed must not make a row of the whole file."""

    def __init__(self, lines: Iterator[LineCell]) -> None:
        self._lines = lines
        self.line = 0
        self.chars = self.count = self.quotes = self.first = 0  # of one row

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        self.line, text = next(self._lines)
        self.first = self.first if self.count else self.line
        self.count += 1
        self.quotes += text.count('"')
        self.chars += len(text)
        if self.chars > _MAX_ROW:
            raise NotATextFile()
        return text


def _of_width(header: ColumnsRow, rows: Iterable[ColumnsRow]) -> Iterator[ColumnsRow]:
    expected = len(header.cells)
    for row in rows:
        if any(row.cells[expected:]):
            raise TooManyColumns(line=row.line, count=len(row.cells), expected=expected)
        yield row


def _dates(rows: Sequence[ColumnsRow]) -> int | None:
    """The first column where every row has a date."""
    width = min(len(row.cells) for row in rows)
    return next((column for column in range(width) if all(is_date(row.cells[column]) for row in rows)), None)


def _in_order(rows: Iterable[ColumnsRow], *, value: int, date: int | None) -> list[LineCell]:
    """The cells of a column that are filled; oldest first where every one has a date, otherwise as given."""
    cells, days = [], []
    for row in rows:
        if value < len(row.cells) and not is_blank(row.cells[value]):
            cells.append(LineCell(row.line, row.cells[value]))
            if date is not None:
                days.append(row.cells[date] if date < len(row.cells) else "")
    keys = date_keys(days) if days else None
    if keys is None:
        return cells
    if keys[0] > keys[-1]:
        cells, keys = cells[::-1], keys[::-1]
    return [cells[place] for place in sorted(range(len(cells)), key=keys.__getitem__)]
