"""Many rows at once, column by column: what a table asks a model, and what the model answers. There is no object for a
row in it, so a cheap model is not kept waiting by Python."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.manifests.inputs import EPOCH
from services.manifests.manifest import BooleanInput, ChoiceInput, DateInput, Input, IntegerInput, NumberInput
from services.values.parse import Value

Column: TypeAlias = "NDArray[Any] | list[str]"  # Any: element types differ between columns


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnBatch:
    """Checked answers of so many rows, by input: numbers as they are, an option by its position, a date in days since
    1970, texts as a list."""

    rows: int
    arrays: Mapping[str, Column]

    def part(self, start: int, stop: int) -> "ColumnBatch":
        stop = min(stop, self.rows)
        return ColumnBatch(rows=stop - start, arrays={name: column[start:stop] for name, column in self.arrays.items()})

    def row(self, at: int, fields: Iterable[Input]) -> dict[str, Value]:
        """The values of one row, as a form would have them."""
        return {field.name: _value(field, self.arrays[field.name][at]) for field in fields if field.name in self.arrays}


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerColumns:
    """Of so many rows, by output; a class by its position, how likely it is under `share_of` its output. `failed`:
    which rows have none; what stands there in the columns means nothing."""

    columns: Mapping[str, Column]
    failed: NDArray[np.bool_]

    @property
    def rows(self) -> int:
        return len(self.failed)


def join(parts: Sequence[AnswerColumns]) -> AnswerColumns:
    """One after another, at least one; those whose rows all failed have no columns."""
    names = next((list(part.columns) for part in parts if part.columns), [])
    filled = [part if part.columns or not names else _nothing(part, parts) for part in parts]
    columns = {name: _joined([part.columns[name] for part in filled]) for name in names}
    return AnswerColumns(columns=columns, failed=np.concatenate([part.failed for part in parts]))


def none_answered(rows: int) -> AnswerColumns:
    return AnswerColumns(columns={}, failed=np.ones(rows, np.bool_))


def days(value: str) -> int:
    return dt.date.fromisoformat(value).toordinal() - EPOCH.toordinal()


def _value(field: Input, element: Any) -> Value:  # Any: of an array
    match field:
        case ChoiceInput():
            return field.options[int(element)].value
        case DateInput():
            return dt.date.fromordinal(int(element) + EPOCH.toordinal()).isoformat()
        case BooleanInput():
            return bool(element)
        case IntegerInput():
            return int(element)
        case NumberInput():
            return float(element)
    return str(element)


def _nothing(part: AnswerColumns, parts: Sequence[AnswerColumns]) -> AnswerColumns:
    """Room for rows that all failed."""
    like = next(each.columns for each in parts if each.columns)
    columns: dict[str, Column] = {
        name: [""] * part.rows if isinstance(column, list) else np.zeros(part.rows, column.dtype)
        for name, column in like.items()
    }
    return AnswerColumns(columns=columns, failed=part.failed)


def _joined(columns: Sequence[Column]) -> Column:
    if isinstance(columns[0], list):
        return [text for column in columns for text in column]
    return np.concatenate(columns)
