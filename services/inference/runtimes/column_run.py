"""A model that computes here answers part of a table, a bite at a time: between two bites others have their turn."""

import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from services.errors import ShopError
from services.inference.columns import AnswerColumns, ColumnBatch, join, none_answered
from services.inference.errors import BadInput, BadOutput, RunTimeout
from services.inference.runtimes.base import Limit
from services.inference.runtimes.column_results import of_results
from services.inference.runtimes.tensor_feeds import Array
from services.inference.runtimes.tensor_results import Tensor
from services.inference.tensors import Row

if TYPE_CHECKING:
    from services.inference.runtimes.tensor_runtime import TensorRuntime

BITE_SECONDS: Final = 0.01
MOST_TIMEOUTS: Final = 2  # of rows alone, without an answer between; a model that hangs for all is not waited for


class _Raw(NamedTuple):
    """What the graph gave for so many rows."""

    tensors: Mapping[str, Tensor]
    rows: int


_Piece: TypeAlias = _Raw | AnswerColumns


class ColumnRun:
    """Each `go` is called in a thread of the engine, never two at once."""

    def __init__(self, runtime: "TensorRuntime", columns: ColumnBatch) -> None:
        self._runtime, self._columns = runtime, columns
        self._feeds: dict[str, Array] | None = None
        self._at = 0
        self._pieces: list[_Piece] = []
        self._timeouts = 0
        self.answers = none_answered(0)

    @property
    def done(self) -> bool:
        return self._at >= self._columns.rows

    def go(self, limit: Limit) -> None:
        """Some more rows. Raises nothing that one of them is to blame for: such a row fails alone."""
        until = time.monotonic() + BITE_SECONDS
        size = self._runtime.most_rows
        while not self.done and time.monotonic() < until:
            self._timeouts = 0
            stop = min(self._at + size, self._columns.rows)
            self._pieces += self._slice(self._at, stop, limit)
            self._at = stop
        if self.done:
            self.answers = join([each for pieces in _alike(self._pieces) for each in self._read(pieces)])

    def _slice(self, start: int, stop: int, limit: Limit) -> list[_Piece]:
        if self._timeouts >= MOST_TIMEOUTS:
            return [none_answered(stop - start)]
        try:
            made = self._run(start, stop, limit)
        except ShopError as error:
            self._timeouts += isinstance(error, RunTimeout) and stop - start == 1
        else:
            self._timeouts = 0
            return [made]
        if stop - start == 1:
            return [none_answered(1)]
        middle = (start + stop) // 2
        return self._slice(start, middle, limit) + self._slice(middle, stop, limit)

    def _run(self, start: int, stop: int, limit: Limit) -> _Piece:
        runtime = self._runtime
        if not (runtime.columnar and runtime.column_feeder.fits):
            return of_results(runtime.manifest, runtime.run(self._rows(start, stop), limit))
        if self._feeds is None:
            try:
                self._feeds = runtime.column_feeder.feeds(self._columns)
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise BadInput(name=type(error).__name__) from error
        feeds = runtime.column_feeder.part(self._feeds, start, stop)
        raw = _Raw(runtime.compute(feeds, runtime.answer_tensors, limit), stop - start)
        runtime.column_reader.require_rows(raw.tensors, raw.rows)
        return raw

    def _rows(self, start: int, stop: int) -> Sequence[Row]:
        fields = self._runtime.manifest.inputs
        return [Row(values=self._columns.row(at, fields)) for at in range(start, stop)]

    def _read(self, pieces: Sequence[_Piece]) -> list[AnswerColumns]:
        """Together, since reading costs more than running where the model is cheap."""
        raws = [piece for piece in pieces if isinstance(piece, _Raw)]
        if not raws:
            return [piece for piece in pieces if isinstance(piece, AnswerColumns)]
        rows, reader = sum(raw.rows for raw in raws), self._runtime.column_reader
        try:
            return [reader.answers(_joined(raws), rows)]
        except BadOutput:
            if len(raws) == 1:
                return [none_answered(rows)]
        return [each for raw in raws for each in self._read([raw])]


def _alike(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    return [list(group) for _, group in groupby(pieces, key=type)]


def _joined(raws: Sequence[_Raw]) -> Mapping[str, Tensor]:
    """Raises BadOutput where the answers are not of one shape."""
    if len(raws) == 1:
        return raws[0].tensors
    try:
        return {name: _one([raw.tensors[name] for raw in raws], name) for name in raws[0].tensors}
    except ValueError as error:
        raise BadOutput(problem=str(error)) from error


def _one(tensors: Sequence[Tensor], name: str) -> Tensor:
    if isinstance(tensors[0], list):
        return [answer for tensor in tensors for answer in tensor]
    if any(np.ndim(tensor) == 0 for tensor in tensors):
        raise BadOutput(problem=f"{name} has no batch")
    return np.concatenate(tensors)
