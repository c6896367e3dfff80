"""Rows that go into a graph, results that come out, and what a graph says of its tensors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

from services.values.parse import Value

Json: TypeAlias = "float | str | list[Json] | dict[str, Json] | None"
Shape: TypeAlias = tuple[int | None, ...]
ENGLISH: Final = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """How far a run at a server has come: so many jobs are `ahead` of it there, or so many `percent` of it are done."""

    ahead: int | None = None
    percent: int | None = None


def _unheard(_progress: RunProgress) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One customer's answers by the input's name; for images `files` has the stored file's bytes. `id` is the
    prediction's: a server that keeps jobs knows the job by it. `report` may be called on the engine's loop, often.
    `language`: of the words that are drawn into the answer's pictures."""

    values: Mapping[str, Value]
    files: Mapping[str, bytes] = field(default_factory=dict)
    id: UUID | None = None
    report: Callable[[RunProgress], None] = _unheard
    language: str = ENGLISH


class Result(NamedTuple):
    """Answers by the output's name: number and probability → float, classes → `{"value", "probabilities"}`,
    text → str, series → list (of `[low, middle, high]` for a band), image → null here and
    the bytes of a file in `images`, boxes → `{"found", "boxes"}` and mask → `{"share"}` or `{"shares"}`, both with a
    file in `images` where there is something to draw, embedding → list, table → `{"columns", "rows"}`.

    `advice` is the position of the first rule of the manifest that holds. (A named tuple is made in half the time of
    a frozen dataclass, and one is made for every row.)
    """

    outputs: dict[str, Json]
    advice: int | None
    images: dict[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphTensor:
    """An input or output of a graph. A dimension that is not fixed is None, and so is a shape of unknown rank.

    `dtype` is one of the manifest's, another of ONNX (`float16`), or `seq(map)`.
    """

    name: str
    dtype: str
    shape: Shape | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How rows enter a graph: `shape` is each row's, `batched`: with a batch in front, `several`: of more than one."""

    shape: Shape
    batched: bool
    several: bool

    def batch_shape(self, rows: int, made: tuple[int, ...]) -> tuple[int, ...]:
        """What an array of shape `made`, of so many rows, becomes."""
        inner = [-1 if side is None else side for side in self.shape]
        if inner.count(-1) > 1:
            inner = list(made[1:])
            if len(inner) > len(self.shape):  # a picture without its one channel
                inner.remove(1)
        return (rows, *inner) if self.batched else tuple(inner)


def fit(row: Shape, graph: Shape | None) -> Fit | None:
    """Fit rows of this shape into a graph's input; None where they cannot go.

    A lone value, `(1,)`, goes into `[N, 1]`, `[N]` and scalars; otherwise ranks must agree, with or without a batch in
    front, or the graph's fixed sides must have room for the same elements (`[N, 28, 28]` takes `1 × 28 × 28`). A row
    with free sides needs a graph whose sides are free there; of one channel, it may go in without it.
    """
    found = _as_it_is(row, graph)
    if found is None and row.count(None) == 2 and 1 in row:
        return _as_it_is(tuple(side for side in row if side != 1), graph)
    return found


def _as_it_is(row: Shape, graph: Shape | None) -> Fit | None:
    if graph is None:
        return Fit(shape=row, batched=True, several=True)
    batch, inner = (graph[0], graph[1:]) if graph else (1, ())
    several = batch is None
    if batch in {None, 1}:
        if enters(row, inner):
            return Fit(shape=row, batched=True, several=several)
        if row == (1,) and inner == () and graph:
            return Fit(shape=(), batched=True, several=several)
    if batch in {None, 1} and inner and None not in row and _size(row) == _size(inner):
        return Fit(shape=inner, batched=True, several=several)
    if enters(row, graph) or (row == (1,) and graph == ()):
        return Fit(shape=tuple(graph and row), batched=False, several=False)
    return None


def agree(one: Shape, other: Shape) -> bool:
    """Whether the sides are the same where both are known."""
    return len(one) == len(other) and all(a is None or b is None or a == b for a, b in zip(one, other, strict=True))


def enters(row: Shape, graph: Shape) -> bool:
    """Whether every row of this shape can go in: what is free in the one is free in the other."""
    return len(row) == len(graph) and all(b is None or a == b for a, b in zip(row, graph, strict=True))


def _size(shape: Shape) -> int | None:
    size = 1
    for side in shape:
        if side is None:
            return None
        size *= side
    return size


def label_text(value: Any) -> str:  # Any: an element of a tensor
    """A label as manifests write it: 1.0 and 1 are both "1"."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
