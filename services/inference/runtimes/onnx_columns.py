"""What a graph knows of the columns that go into it: categories, centres, ranges, how many there are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from services.inference.runtimes.onnx_graph import PASSES, Graph, Node, attributes, dimensions
from services.inference.tensors import label_text

Column: TypeAlias = tuple[str, int]
"""An input of the graph and one of its columns."""
MOST_COLUMNS: Final = 100_000  # that are looked at one by one
_PICKS: Final = frozenset({"Gather", "ArrayFeatureExtractor"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """`widths`: columns of each matrix, even where no shape tells them. `centres`: what a scaler takes for the middle.
    `ranges`: from where to where the graph tells values apart."""

    widths: Mapping[str, int]
    categories: dict[Column, tuple[str, ...]] = field(default_factory=dict)
    centres: dict[Column, float] = field(default_factory=dict)
    ranges: dict[Column, tuple[float, float]] = field(default_factory=dict)


def read_columns(graph: Graph) -> Columns:
    found = Columns(widths=_widths(graph))
    for node, columns in _traced(graph, found.widths):
        told = attributes(node)
        known = told.get("cats_strings") or told.get("keys_strings") or told.get("cats_int64s")
        if known and len(columns) == 1:
            found.categories.setdefault(columns[0], tuple(label_text(value) for value in known))
        if node.op_type == "Scaler" and len(offset := told.get("offset", ())) == len(columns):
            found.centres.update(zip(columns, offset, strict=True))
        for column, (low, high) in _ranges(graph, node, told, columns):
            before = found.ranges.get(column, (low, high))
            found.ranges[column] = (min(low, before[0]), max(high, before[1]))
    return found


def _widths(graph: Graph) -> dict[str, int]:
    """Columns of the inputs that are matrices: by their shape, else by what reads them."""
    widths: dict[str, int] = {}
    for tensor in graph.inputs:
        sides = dimensions(tensor)
        width = sides[1] if len(sides) == 2 and isinstance(sides[1], int) else int(len(sides) < 2)
        if width > MOST_COLUMNS:
            continue
        for node in () if width else graph.readers(tensor.name):
            width = width or _width(node, attributes(node), graph)
        if width:
            widths[tensor.name] = width
    return widths


def _width(node: Node, told: Mapping[str, Any], graph: Graph) -> int:
    """How many columns this node takes; 0 where it does not tell."""
    width = 0
    if node.op_type in {"MatMul", "Gemm"} and len(node.input) > 1 and (shape := graph.shape_of(node.input[1])):
        width = shape[-1 if told.get("transB") else 0]
    elif node.op_type == "Scaler":
        width = max(len(told.get("offset", ())), len(told.get("scale", ())))
    elif node.op_type.startswith("TreeEnsemble"):
        width = max(told.get("nodes_featureids", (0,))) + 1
    elif node.op_type == "LinearRegressor":
        width = len(told.get("coefficients", ())) // told.get("targets", 1)
    elif node.op_type == "LinearClassifier":
        width = len(told.get("coefficients", ())) // max(1, len(told.get("intercepts", ())))
    return width


def _traced(graph: Graph, widths: Mapping[str, int]) -> Iterator[tuple[Node, list[Column]]]:
    """Nodes with the columns of inputs that reach them unchanged, through picking, joining, casting and reshaping."""
    columns = {name: [(name, i) for i in range(width)] for name, width in widths.items()}
    for node in graph.nodes:
        found = [columns.get(name, []) for name in node.input]
        if not found or not found[0]:
            continue
        yield node, found[0]
        picks = graph.constant(node.input[1]) if node.op_type in _PICKS and len(node.input) > 1 else None
        if picks is not None and picks.dtype.kind in "iu":
            here = len(found[0])
            columns[node.output[0]] = [found[0][i] for i in picks.ravel().tolist() if -here <= i < here]
        elif node.op_type == "Concat" and all(found):
            columns[node.output[0]] = [column for part in found for column in part]
        elif node.op_type in PASSES:
            columns[node.output[0]] = found[0]


def _ranges(
    graph: Graph, node: Node, told: Mapping[str, Any], columns: Sequence[Column]
) -> Iterator[tuple[Column, tuple[float, float]]]:
    """Where the thresholds of trees, the spread of a scaler, or known rows of data lie."""
    width = len(columns)
    if node.op_type.startswith("TreeEnsemble"):
        values: dict[int, list[float]] = {}
        nodes = (told.get(f"nodes_{key}", ()) for key in ("featureids", "values", "modes"))
        for feature, threshold, mode in zip(*nodes, strict=True):
            if mode != b"LEAF" and feature < width:
                values.setdefault(feature, []).append(threshold)
        for feature, known in values.items():
            spread = max(known) - min(known) or 1.0
            yield columns[feature], (min(known) - spread / 4, max(known) + spread / 4)
    elif node.op_type == "Scaler" and len(told.get("scale", ())) == len(told.get("offset", ())) == width:
        for column, middle, scale in zip(columns, told["offset"], told["scale"], strict=True):
            reach = 2 / abs(scale) if scale else 1.0
            yield column, (middle - reach, middle + reach)
    else:
        for rows in _known_rows(graph, node, told, width):
            low, high = np.min(rows, axis=0), np.max(rows, axis=0)
            yield from zip(columns, zip(low.tolist(), high.tolist(), strict=True), strict=True)


def _known_rows(graph: Graph, node: Node, told: Mapping[str, Any], width: int) -> Iterator[Any]:  # Any: arrays
    vectors = np.array(told.get("support_vectors", ()), np.float64)
    if vectors.size and width > 1 and vectors.size % width == 0:
        yield vectors.reshape(-1, width)
    if node.op_type in {"Scan", "CDist", "Sub"} and width > 1:
        yield from graph.matrices(width)
