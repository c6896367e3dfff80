"""The rows of a table → columns that a model takes, and why some rows cannot be taken. Runs in a process of its own."""

import re
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from services.inference.columns import Column, days
from services.manifests.inputs import Bounded
from services.manifests.manifest import BooleanInput, ChoiceInput, DateInput, Input, IntegerInput, NumberInput
from services.scoring.source import MAX_ROWS
from services.values import errors
from services.values.errors import InvalidValue
from services.values.numerals import grouped_by, ungrouped
from services.values.parse import parse_text
from services.values.ranges import shorten
from services.values.sheets import Cell, Sheet, cell_text, is_blank

ROWS: Final = ":rows"
"""Under this name: at which row of the file each good row stands, counted from 1."""
_PLAIN: Final = re.compile(r"-?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII).fullmatch
_KNOWN: Final = 20_000  # different answers of a column that are remembered
_CODES: Final = {NumberInput: "d", IntegerInput: "q", BooleanInput: "b", ChoiceInput: "i", DateInput: "i"}
_TYPES: Final = {"d": np.float64, "q": np.int64, "b": np.bool_, "i": np.int32}

Element: TypeAlias = float | str  # of a column: a number, or a text


class Checker:
    """Reads a sheet twice: how it writes its numbers is known when all of them were seen."""

    def __init__(self, fields: Sequence[Input], columns: Mapping[str, int], header_row: int) -> None:
        self._fields = [(field, columns[field.name]) for field in fields]
        self._header_row = header_row
        self.decimal_comma = False
        self.rows = 0
        self.problems: list[tuple[int, str, InvalidValue]] = []
        """The row, the input and what is wrong with its cell; one for each bad row."""

    def check(self, sheet: Sheet) -> dict[str, Column]:
        """The good rows. Raises NoRows, TooManyRows and what reading raises."""
        groups = self._look(sheet)
        readers = [CellReader(field, groups.get(column)) for field, column in self._fields]
        places = [column for _, column in self._fields]
        found: list[Any] = [_room(field) for field, _ in self._fields]  # Any: arrays and lists
        lines = array("i")
        for number, cells in self._filled(sheet):
            row = self._row(number, cells, readers, places)
            if row is not None:
                lines.append(number)
                for values, element in zip(found, row, strict=True):
                    values.append(element)
        self.decimal_comma = any(reader.decimal_comma for reader in readers)
        named = {field.name: _column(values) for (field, _), values in zip(self._fields, found, strict=True)}
        return {**named, ROWS: np.frombuffer(lines, np.int32) if lines else np.zeros(0, np.int32)}

    def _row(
        self, number: int, cells: Sequence[Cell], readers: "Sequence[CellReader]", places: Sequence[int]
    ) -> list[Element] | None:
        row, width = [], len(cells)
        for reader, place in zip(readers, places, strict=True):
            element = reader.read(cells[place] if place < width else "")
            if isinstance(element, InvalidValue):
                self.problems.append((number, reader.field.name, element))
                return None
            row.append(element)
        return row

    def _look(self, sheet: Sheet) -> dict[int, str]:
        """By column of numbers the comma or point that stands between thousands there."""
        places = [place for field, place in self._fields if isinstance(field, Bounded)]
        groups: dict[int, str] = {}
        for _, cells in self._filled(sheet):
            self.rows += 1
            for place in places:
                text = cells[place] if place < len(cells) and place not in groups else None
                if isinstance(text, str) and text.count(",") + text.count(".") > 1 and (sign := grouped_by(text)):
                    groups[place] = sign
        if self.rows > MAX_ROWS:
            raise errors.TooManyRows(count=self.rows, max=MAX_ROWS)
        if not self.rows:
            raise errors.NoRows()
        return groups

    def _filled(self, sheet: Sheet) -> Any:  # Any: an iterator of pairs
        """The rows below the header that are not blank."""
        return ((number, cells) for number, cells in sheet.rows() if number > self._header_row and not is_blank(cells))


class CellReader:
    """Of one column; what it has read it knows."""

    def __init__(self, field: Input, group: str | None) -> None:
        self.field = field
        self.decimal_comma = False
        self._group = group
        self._known: dict[str, Element | InvalidValue] = {}
        self._convert = _converter(field)
        self._low, self._high, self._above, self._whole = _bounds(field)

    def read(self, cell: Cell) -> Element | InvalidValue:
        text = cell if isinstance(cell, str) else cell_text(cell)
        if self._whole is not None and self._group is None and _PLAIN(text):
            comma = "," in text
            number = float(text.replace(",", ".") if comma else text)
            if self._low <= number <= self._high and number > self._above and (not self._whole or number.is_integer()):
                self.decimal_comma |= comma
                return int(number) if isinstance(self.field, IntegerInput) else number
        found = self._known.get(text)
        if found is None:
            found = self._parsed(text.strip())
            if len(self._known) < _KNOWN:
                self._known[text] = found
        return found

    def _parsed(self, text: str) -> Element | InvalidValue:
        if not text:
            return errors.EmptyCell()
        if self._group is not None:
            plain = ungrouped(text, self._group)
            if plain is None:
                return errors.InvalidValue(given=shorten(text))
            text = plain
        try:
            return self._convert(parse_text(self.field, text))
        except InvalidValue as problem:
            return problem


def constant_column(field: Input, value: Any, rows: int) -> Column:  # Any: a value of the field
    """The same answer for every row."""
    element = _converter(field)(value)
    if isinstance(element, str):
        return [element] * rows
    return np.full(rows, element, _TYPES[_CODES[type(field)]])


def _bounds(field: Input) -> tuple[float, float, float, bool | None]:
    """The least and the greatest number, and what it must be above; whether it must be whole, None for no number."""
    if not isinstance(field, NumberInput | IntegerInput):
        return 0, 0, 0, None
    least, most = field.capacity
    low = least if field.min is None else max(least, field.min)
    high = most if field.max is None else min(most, field.max)
    return low, high, -float("inf") if field.above is None else field.above, field.whole


def _converter(field: Input) -> Callable[[Any], Element]:  # Any: a value of the field
    match field:
        case ChoiceInput():
            places = {option.value: at for at, option in enumerate(field.options)}
            return lambda value: places[value]
        case DateInput():
            return days
    return lambda value: value


def _room(field: Input) -> Any:  # Any: an array or a list
    code = _CODES.get(type(field))
    return [] if code is None else array(code)


def _column(values: Any) -> Column:  # Any: as above
    if isinstance(values, list):
        return values
    made = np.frombuffer(values, values.typecode) if values else np.zeros(0, values.typecode)
    return made.astype(_TYPES[values.typecode])
