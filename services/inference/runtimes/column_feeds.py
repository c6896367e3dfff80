"""ColumnBatch of a table → the arrays a model is fed with."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from services.inference.columns import Column, ColumnBatch
from services.inference.runtimes.tensor_feeds import Array, Feeder
from services.manifests.inputs import EPOCH
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    DateInput,
    Input,
    IntegerInput,
    NumberInput,
    TextInput,
)

Encode = Callable[[Any], Array]  # Any: a column, of the type that the field tells


class ColumnFeeder:
    """The same plan as its feeder's. `fits`: whether all inputs are plain; where they are not, rows go one by one."""

    def __init__(self, feeder: Feeder) -> None:
        self._feeder = feeder
        self._encoders = {
            name: [(field.name, _encoder(field)) for field in fields] for name, (_, fields) in feeder.plain_plan.items()
        }
        encoders = [encode for each in self._encoders.values() for _, encode in each]
        self.fits = feeder.all_plain and None not in encoders

    def feeds(self, columns: ColumnBatch) -> dict[str, Array]:
        """For all these rows. Raises KeyError, ValueError, TypeError where they do not fit the manifest."""
        fed = {}
        for name, encoders in self._encoders.items():
            made = [_of(encode, columns.arrays[field]) for field, encode in encoders]
            fit, fields = self._feeder.plain_plan[name]
            assert fields[0].tensor is not None
            dtype = fields[0].tensor.dtype
            stacked = np.concatenate(made, axis=1, dtype=object if dtype == "string" else dtype, casting="unsafe")
            fed[name] = stacked.reshape(fit.batch_shape(columns.rows, stacked.shape))
        return fed

    def part(self, feeds: dict[str, Array], start: int, stop: int) -> dict[str, Array]:
        """Of those for all rows the ones for some, with the constants."""
        some = {
            name: array[start:stop] if self._feeder.plain_plan[name][0].batched else array
            for name, array in feeds.items()
        }
        return some | self._feeder.constants(stop - start)


def _of(encode: Encode | None, column: Column) -> Array:
    assert encode is not None
    return encode(column)


def _encoder(field: Input) -> Encode | None:
    """A column as columns of a tensor; None for what is not plain."""
    match field:
        case ChoiceInput(tensor=tensor) if tensor is not None:
            table = _choice_table(field, tensor.encode)
            return lambda column: table[column]
        case DateInput(tensor=tensor) if tensor is not None and tensor.dtype == "string":
            return _dates
        case NumberInput() | IntegerInput() | BooleanInput() | DateInput():
            return lambda column: column[:, np.newaxis]
        case TextInput(tensor=tensor) if tensor is not None and tensor.dtype == "string":
            return lambda column: np.array(column, object)[:, np.newaxis]
    return None


def _choice_table(field: ChoiceInput, encode: str) -> Array:
    """A row for each option."""
    if encode == "one_hot":
        return np.eye(len(field.options))
    if encode == "value":
        return np.array([[option.value] for option in field.options], object)
    return np.array([[field.number_of(option.value)] for option in field.options])


def _dates(column: Sequence[int]) -> Array:
    first = EPOCH.toordinal()
    return np.array([[dt.date.fromordinal(int(day) + first).isoformat()] for day in column], object)
