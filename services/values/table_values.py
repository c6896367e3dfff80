"""The answer to a question for a table: `{"columns": names, "rows": lists of numbers}`, in the manifest's order."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from services.manifests.inputs import NumberInput, TableInput
from services.values import errors
from services.values.columns import ColumnsRow
from services.values.errors import InvalidValue
from services.values.ranges import parse_number, shorten, within
from services.values.series import MAX_BYTES
from services.values.sheets import Sheet, cell_text, open_sheet

TableValue: TypeAlias = dict[str, Any]  # Any: texts and lists of numbers


def take_table(field: TableInput, data: bytes | str) -> TableValue:
    """Of a CSV file or a workbook, or of what was
    pasted. Columns are found by name, by a label in any language, with its unit or
    without, or, where there are as many as are asked for and no heading, by their order; others are left out. Raises a
    leaf of InvalidValue that names line and column."""
    if len(data) > MAX_BYTES:
        raise errors.FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    content = data if isinstance(data, bytes) else data.encode()
    return _taken(field, _lines(open_sheet(io.BytesIO(content))))


def check_table(field: TableInput, value: Mapping[str, Any]) -> TableValue:  # Any: JSON, perhaps of last year
    """A stored table against today's columns and bounds."""
    names, rows = value.get("columns"), value.get("rows")
    if names != [column.name for column in field.columns] or not isinstance(rows, list):
        raise InvalidValue()
    return _value(field, [_checked_row(field, line, row) for line, row in enumerate(rows, start=1)])


def rows_of(value: object) -> list[list[float]] | None:
    """The lines of a table's value."""
    rows = value.get("rows") if isinstance(value, dict) else None
    return rows if isinstance(rows, list) else None


def load_table(folder: Path, field: TableInput) -> TableValue:
    """The example that comes with the model. Raises a leaf of InvalidValue, OSError."""
    return take_table(field, (folder / str(field.example)).read_bytes())


def _lines(sheet: Sheet) -> Iterator[ColumnsRow]:
    """Those that are not blank."""
    for number, cells in sheet.rows():
        texts = [cell_text(cell) for cell in cells]
        if any(texts):
            yield ColumnsRow(number, texts)


def _taken(field: TableInput, lines: Iterable[ColumnsRow]) -> TableValue:
    lines = iter(lines)
    if (first := next(lines, None)) is None:
        raise errors.TooFewLines(min=field.min_rows, count=0)
    headings = [_folded(cell) for cell in first.cells]
    places = [_place(column, headings) for column in field.columns]
    rows = []
    if all(place is None for place in places) and len(headings) == len(field.columns) and _all_numbers(field, first):
        places = list(range(len(headings)))
        rows.append(_row(field, first, places))
    for column, place in zip(field.columns, places, strict=True):
        if place is None:
            raise errors.MissingColumn(column=column.name)
    for line in lines:
        rows.append(_row(field, line, places))
        if len(rows) > 2 * field.max_rows:  # as much as the sentence needs
            break
    return _value(field, rows)


def _value(field: TableInput, rows: list[list[float]]) -> TableValue:
    if len(rows) < field.min_rows:
        raise errors.TooFewLines(min=field.min_rows, count=len(rows))
    if len(rows) > field.max_rows:
        raise errors.TooManyLines(max=field.max_rows, count=len(rows))
    return {"columns": [column.name for column in field.columns], "rows": rows}


def _place(column: NumberInput, headings: Sequence[str]) -> int | None:
    names = {_folded(column.name), *map(_folded, column.label.all())}
    units = () if column.unit is None else column.unit.all()
    for name in [*names]:
        names |= {f"{name}, {_folded(unit)}" for unit in units} | {f"{name} ({_folded(unit)})" for unit in units}
    return next((place for place, heading in enumerate(headings) if heading in names), None)


def _row(field: TableInput, line: ColumnsRow, places: Sequence[int | None]) -> list[float]:
    numbers = []
    for column, place in zip(field.columns, places, strict=True):
        assert place is not None
        given = line.cells[place] if place < len(line.cells) else ""
        told: dict[str, Any] = {"line": line.line, "column": column.name, "given": shorten(given)}
        try:
            numbers.append(parse_number(column, given))
        except (errors.OutOfRange, errors.NotWhole) as problem:
            raise errors.CellOutOfRange(**told, problem=problem) from None
        except InvalidValue:
            raise errors.WrongCell(**told) from None
    return numbers


def _checked_row(field: TableInput, line: int, row: object) -> list[float]:
    if not isinstance(row, list) or len(row) != len(field.columns):
        raise InvalidValue()
    numbers = []
    for column, value in zip(field.columns, row, strict=True):
        told: dict[str, Any] = {"line": line, "column": column.name, "given": shorten(str(value))}
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise errors.WrongCell(**told)
        try:
            numbers.append(float(within(column, value)))
        except InvalidValue as problem:
            raise errors.CellOutOfRange(**told, problem=problem) from None
    return numbers


def _all_numbers(field: TableInput, line: ColumnsRow) -> bool:
    try:
        _row(field, line, list(range(len(line.cells))))
    except errors.WrongCell:
        return False
    except InvalidValue:
        return True
    return True


def in_words(field: TableInput, problem: InvalidValue) -> InvalidValue:
    """With the column's label in place of its name: who reads the file knows no manifest's languages."""
    label = next((column.label for column in field.columns if column.name == problem.params.get("column")), None)
    return problem if label is None else type(problem)(problem.message, **{**problem.params, "column": label})


def _folded(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").replace("_", " ").split()).strip(' "')
