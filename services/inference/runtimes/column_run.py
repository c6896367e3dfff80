"""A model that computes here answers part of a table, a bite at a time: between two bites others have their turn."""

import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from services.errors import ShopError
from services.inference.columns import AnswerColumns, ColumnBatch, join, none_answered
from services.inference.errors import BadInput, BadOutput, RunTimeout
from services.inference.runtimes.base import AsideTurn, Limit
from services.inference.runtimes.column_pace import StepPace
from services.inference.runtimes.column_results import of_results
from services.inference.runtimes.tensor_feeds import Array
from services.inference.runtimes.tensor_results import Tensor
from services.inference.tensors import Row

if TYPE_CHECKING:
    from services.inference.runtimes.tensor_runtime import TensorRuntime

BITE_SECONDS: Final = 0.01
BLOCK: Final = 16_384  # rows that become arrays, and whose answers are read, together
MOST_TIMEOUTS: Final = 2  # of rows alone, without an answer between; a model that hangs for all is not waited for


class _Block(NamedTuple):
    """What the graph is fed with, for some rows in a row."""

    start: int
    stop: int
    feeds: dict[str, Array]


class _Raw(NamedTuple):
    """What the graph gave for so many rows."""

    tensors: Mapping[str, Tensor]
    rows: int


_Piece: TypeAlias = _Raw | AnswerColumns


class ColumnRun:
    """Each `go` is called in a thread of the engine, never two at once."""

    def __init__(self, runtime: "TensorRuntime", columns: ColumnBatch, seconds: float) -> None:
        """It is `done` after so many seconds too, with fewer rows."""
        self._runtime, self._columns, self._seconds = runtime, columns, seconds
        self._pace = StepPace(runtime.most_rows)
        self._began: float | None = None
        self._at, self._late = 0, False
        self._block = _Block(0, 0, {})
        self._pieces: list[_Piece] = []
        self._read_rows: list[AnswerColumns] = []
        self._timeouts = 0
        self.answers = none_answered(0)

    @property
    def done(self) -> bool:
        return self._late or self._at >= self._columns.rows

    def go(self, turn: AsideTurn) -> None:
        """Some more rows, at least one. Raises nothing that one of them is to blame for: such a row fails alone."""
        now = time.monotonic()
        if self._began is None:
            self._began = now
        until, wanted = now + BITE_SECONDS, False
        while not self.done and now < until and not wanted:
            before, self._timeouts = now, 0
            start, stop = self._at, min(self._at + self._pace.rows(bounded=turn.only), self._columns.rows)
            self._pieces += self._slice(start, stop, turn.limit)
            self._at, now, wanted = stop, time.monotonic(), turn.wanted()
            self._pace.note(stop - start, now - before)
            self._late = now - self._began >= self._seconds
            if self.done or stop // BLOCK > start // BLOCK:
                self._read_rows += [each for pieces in _alike(self._pieces) for each in self._read(pieces)]
                self._pieces = []
        if self.done:
            self.answers = join(self._read_rows)

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
        feeds = runtime.column_feeder.part(*self._fed(start, stop))
        raw = _Raw(runtime.compute(feeds, runtime.answer_tensors, limit), stop - start)
        runtime.column_reader.require_rows(raw.tensors, raw.rows)
        return raw

    def _fed(self, start: int, stop: int) -> tuple[dict[str, Array], int, int]:
        """Arrays, and from where to where these rows stand in them. Raises BadInput."""
        if not self._block.start <= start < stop <= self._block.stop:
            end = max(stop, start + BLOCK)
            part = self._columns.part(start, end)
            try:
                self._block = _Block(start, end, self._runtime.column_feeder.feeds(part))
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise BadInput(name=type(error).__name__) from error
        return self._block.feeds, start - self._block.start, stop - self._block.start

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
