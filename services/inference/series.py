"""Series of numbers as people send them: pasted, or in a CSV or text file of whatever origin."""

from collections.abc import Sequence
from pathlib import Path

from services.inference import errors
from services.inference.errors import InvalidValue
from services.inference.fields import SeriesInput
from services.inference.numerals import read_numeral
from services.inference.ranges import parse_number, shorten, within
from services.inference.tables import Cell, read_flow, read_table

MAX_BYTES = 5_000_000
_HIGH_BYTES = 4  # of Latin and Cyrillic letters in UTF-16; no letter of a text in bytes is so low


def parse_series(field: SeriesInput, data: bytes | str) -> list[float]:
    """The numbers of a message or of a CSV or text file, oldest first, no more than the last `max_length`.

    Of several columns the one named close, price or the like is taken, otherwise the last with numbers; lines with
    dates are put in order; blank cells are passed over. Raises a leaf of InvalidValue that names the line.
    """
    if len(data) > MAX_BYTES:
        raise errors.FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    text = decode(data) if isinstance(data, bytes) else data
    cells = read_table(text, is_file=isinstance(data, bytes))
    if cells is None:
        cells = read_flow(text)
    if not cells:
        raise errors.NoNumbers()
    if len(cells) < field.min_length:
        raise errors.TooFewValues(min=field.min_length, count=len(cells))
    return [_number(field, cell) for cell in cells[-field.max_length :]]


def check_series(field: SeriesInput, values: Sequence[object]) -> list[float]:
    """A stored list of numbers against today's bounds and lengths."""
    numbers = []
    for line, value in enumerate(values, start=1):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise errors.BadLine(line=line, given=shorten(str(value)))
        try:
            numbers.append(float(within(field, value)))
        except InvalidValue as problem:
            raise errors.LineOutOfRange(line=line, given=shorten(str(value)), problem=problem) from None
    if len(numbers) < field.min_length:
        raise errors.TooFewValues(min=field.min_length, count=len(numbers))
    return numbers[-field.max_length :]


def load_source(folder: Path, field: SeriesInput, value: str) -> list[float]:
    """One of the series that come with the model; read as a customer's file would be."""
    source = next(source for source in field.sources if source.value == value)
    return parse_series(field, (folder / source.file).read_bytes())


def decode(data: bytes) -> str:
    """UTF-8 or UTF-16, with or without a BOM, else Windows-1251; refuses what is not text."""
    for bom, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(bom):
            return _decode(data, encoding)
    for half, encoding in ((data[1::2], "utf-16-le"), (data[::2], "utf-16-be")):
        if len(data) >= 4 and max(half) <= _HIGH_BYTES:
            return _decode(data, encoding)
    try:
        return _decode(data, "utf-8")
    except errors.NotATextFile:
        return _decode(data, "cp1251")


def _decode(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise errors.NotATextFile() from None
    if any(ord(c) < 32 and c not in "\t\n\r\f\x1a" for c in set(text)):
        raise errors.NotATextFile()
    return text.replace("\x1a", "")  # the end-of-file mark of old DOS exports


def _number(field: SeriesInput, cell: Cell) -> float:
    try:
        return _parsed(field, cell.text)
    except (errors.OutOfRange, errors.NotWhole) as problem:
        raise errors.LineOutOfRange(line=cell.line, given=shorten(cell.text), problem=problem) from None
    except InvalidValue:
        raise errors.BadLine(line=cell.line, given=shorten(cell.text)) from None


def _parsed(field: SeriesInput, text: str) -> float:
    try:
        return parse_number(field, text)
    except (errors.OutOfRange, errors.NotWhole):
        raise
    except InvalidValue:
        numeral = read_numeral(text)
        if numeral is None or any(c.isalnum() for c in numeral.unit):
            raise
        return parse_number(field, numeral.digits)  # a sign that is no unit, such as a quote
