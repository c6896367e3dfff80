"""Series of numbers as people send them: pasted, or in a CSV or text file of whatever origin."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from services.manifests.inputs import SeriesInput
from services.market.origin import origin_of
from services.values import errors
from services.values.columns import is_no_number, usual_column
from services.values.encodings import decode
from services.values.errors import InvalidValue
from services.values.numerals import grouped_by, read_numeral, ungrouped
from services.values.ranges import parse_number, shorten, within
from services.values.tables import LineCell, find_table, read_flow

MAX_BYTES = 5_000_000
Taken: TypeAlias = list[float] | dict[str, Any]  # Any: JSON
"""Numbers; or `{"values": numbers, "column": heading or number, "rows": how many there were}`, where the column is
known or more numbers came than are taken; or `{"values": numbers, "live": their origin}` of an exchange."""
_MEANT = "+-<>=~≈≤≥±*/^|"  # beside a number they say something of it


def take_series(field: SeriesInput, data: bytes | str, *, column: int | None = None) -> Taken:
    """The numbers of a customer's message, or of a CSV or text file, oldest first, no more than the last `max_length`.

    Lines with dates are put in order; blank cells are passed over. Raises a leaf of InvalidValue that names the line;
    ColumnWanted where several columns hold numbers and none is chosen by its number.
    """
    text = _text(data)
    table = find_table(text, is_file=isinstance(data, bytes))
    if table is None:
        cells = read_flow(text)
        return _taken(_numbers(field, cells), rows=len(cells))
    if column is None and len(table.columns) > 1:
        raise errors.ColumnWanted(columns=table.columns)
    chosen = next((each for each in table.columns if each.number == column), table.columns[0])
    cells = table.cells(chosen)
    return _taken(_numbers(field, cells), rows=len(cells), column=chosen.name or column)


def parse_series(field: SeriesInput, data: bytes | str) -> list[float]:
    """The same where nobody is asked: of several columns the one named close, price or the like is taken, otherwise
    the last with numbers."""
    text = _text(data)
    table = find_table(text, is_file=isinstance(data, bytes))
    return _numbers(field, read_flow(text) if table is None else table.cells(usual_column(table.columns)))


def numbers_of(value: object) -> list[float] | None:
    """The numbers of a series' value; None for one that names a source."""
    if isinstance(value, dict):
        value = value.get("values")
    return value if isinstance(value, list) else None


def _taken(numbers: list[float], *, rows: int, column: str | int | None = None) -> Taken:
    told: dict[str, Any] = {} if column is None else {"column": column}
    if rows > len(numbers):
        told["rows"] = rows
    return {"values": numbers, **told} if told else numbers


def _text(data: bytes | str) -> str:
    if len(data) > MAX_BYTES:
        raise errors.FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    return decode(data) if isinstance(data, bytes) else data


def _numbers(field: SeriesInput, cells: Sequence[LineCell]) -> list[float]:
    if not cells:
        raise errors.NoNumbers()
    if len(cells) < field.min_length:
        raise errors.TooFewValues(min=field.min_length, count=len(cells))
    taken = cells[-field.max_length :]
    group = next((sign for cell in cells if (sign := grouped_by(cell.text)) is not None), None)
    return [_number(field, cell, group) for cell in taken]


def check_taken(field: SeriesInput, value: list[object] | Mapping[str, object]) -> Taken:
    """A stored series against today's bounds and lengths."""
    if isinstance(value, list):
        return _check_numbers(field, value)
    if "live" in value:
        return _check_live(field, value)
    column, rows, values = value.get("column"), value.get("rows", 0), value["values"]
    if not (isinstance(column, str | int | None) and isinstance(rows, int) and isinstance(values, list)):
        raise InvalidValue()
    return _taken(_check_numbers(field, values), rows=max(rows, len(values)), column=column)


def _check_live(field: SeriesInput, value: Mapping[str, object]) -> Taken:
    origin, values = origin_of(value), value["values"]
    known = {source.provider for source in field.live}
    if origin is None or origin.instrument.provider not in known or not isinstance(values, list):
        raise InvalidValue()
    return {"values": _check_numbers(field, values), "live": origin.dump()}


def _check_numbers(field: SeriesInput, values: Sequence[object]) -> list[float]:
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


def _number(field: SeriesInput, cell: LineCell, group: str | None) -> float:
    """`group`: the comma or point between thousands, where one number of them tells it: it tells it of all."""
    text = cell.text if group is None else ungrouped(cell.text, group)
    if text is None or is_no_number(cell.text):
        raise errors.BadLine(line=cell.line, given=shorten(cell.text))
    try:
        return _parsed(field, text)
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
        if numeral is None or any(c.isalnum() or c in _MEANT for c in numeral.unit):
            raise
        return parse_number(field, numeral.digits)  # a sign that is no unit, such as a quote
