"""What an ONNX file says of itself beyond the shapes of its tensors: labels, categories, widths, who makes what."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import onnx
from onnx import numpy_helper

_LABEL_ATTRIBUTES = ("classlabels_int64s", "classlabels_strings", "classlabels_ints")
_LABEL_KEYS = ("class_labels", "classes", "labels", "names", "id2label", "class_names")
_FEATURE_KEYS = ("feature_names", "features", "feature_names_in_", "columns", "input_names")
_PASS_THROUGH = {"Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Imputer"}
_SQUASHING = {"Softmax", "Sigmoid", "Normalizer"}


Column: TypeAlias = tuple[str, int]  # an input of the graph and one of its columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`labels`: the classes, where some are told. `features`: names of columns. `categories`: what an encoder knows of
    a column. `centres`: the mean that a scaler subtracts from it. `widths`: columns of each matrix, even where no shape
    tells them. `squashed`: outputs that are probabilities by construction."""

    labels: tuple[str, ...]
    features: tuple[str, ...]
    categories: dict[Column, tuple[str | int, ...]]
    centres: dict[Column, float]
    widths: dict[str, int]
    squashed: frozenset[str]


def read_facts(data: bytes) -> Facts:
    model = onnx.load_model_from_string(data)
    graph = model.graph
    metadata = {item.key.lower(): item.value for item in model.metadata_props}
    weights = {weight.name: weight for weight in graph.initializer}
    widths = _widths(graph, {name: tuple(weight.dims) for name, weight in weights.items()})
    categories: dict[Column, tuple[str | int, ...]] = {}
    centres: dict[Column, float] = {}
    for node, columns in _traced(graph, widths, weights):
        told = _attributes(node)
        known = told.get("cats_strings") or told.get("keys_strings") or told.get("cats_int64s")
        if known and len(columns) == 1:
            categories.setdefault(columns[0], tuple(v if isinstance(v, int) else _text(v) for v in known))
        if node.op_type == "Scaler" and len(offset := told.get("offset", ())) == len(columns):
            centres.update(zip(columns, offset, strict=True))
    return Facts(
        labels=_labels(graph, metadata),
        features=_listed(metadata, _FEATURE_KEYS),
        categories=categories,
        centres=centres,
        widths=widths,
        squashed=frozenset(_squashed(graph)),
    )


def _widths(graph: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, int]:
    """Columns of the inputs that are matrices: by their shape, else by what reads them."""
    widths: dict[str, int] = {}
    for tensor in graph.input:
        sides = tensor.type.tensor_type.shape.dim
        width = sides[1].dim_value if len(sides) == 2 else int(len(sides) < 2)
        for node in () if width else _readers(graph, tensor.name):
            width = width or _width(node, _attributes(node), shapes)
        if width:
            widths[tensor.name] = width
    return widths


def _traced(graph: Any, widths: dict[str, int], weights: dict[str, Any]) -> Iterator[tuple[Any, list[Column]]]:
    """Nodes with the columns of inputs that reach them unchanged, through picking, joining, casting and reshaping."""
    columns = {name: [(name, i) for i in range(width)] for name, width in widths.items()}
    for node in graph.node:
        found = [columns.get(name, []) for name in node.input]
        if not found or not found[0]:
            continue
        yield node, found[0]
        if node.op_type in {"Gather", "ArrayFeatureExtractor"} and node.input[1] in weights:
            picked = numpy_helper.to_array(weights[node.input[1]]).ravel().tolist()
            columns[node.output[0]] = [found[0][i] for i in picked if -len(found[0]) <= i < len(found[0])]
        elif node.op_type == "Concat" and all(found):
            columns[node.output[0]] = [column for part in found for column in part]
        elif node.op_type in _PASS_THROUGH:
            columns[node.output[0]] = found[0]


def _readers(graph: Any, name: str) -> Iterator[Any]:
    """Nodes that take this tensor, also through nodes that only reshape it."""
    for node in graph.node:
        if name in node.input:
            yield node
            if node.op_type in _PASS_THROUGH:
                yield from _readers(graph, node.output[0])


def _attributes(node: Any) -> dict[str, Any]:
    return {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}


def _width(node: Any, told: dict[str, Any], weights: dict[str, tuple[int, ...]]) -> int:
    """How many columns this node takes; 0 where it does not tell."""
    width = 0
    if node.op_type in {"MatMul", "Gemm"} and len(node.input) > 1 and (shape := weights.get(node.input[1])):
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


def _labels(graph: Any, metadata: dict[str, str]) -> tuple[str, ...]:
    for node in graph.node:
        told = _attributes(node)
        for name in _LABEL_ATTRIBUTES:
            if values := told.get(name):
                return tuple(_text(value) for value in values)
    return _listed(metadata, _LABEL_KEYS) or _looked_up(graph)


def _looked_up(graph: Any) -> tuple[str, ...]:
    """Labels that a converter keeps as a constant and picks from by the position of the greatest score."""
    weights = {weight.name: weight for weight in graph.initializer}
    for node in graph.node:
        picks = node.op_type in {"ArrayFeatureExtractor", "Gather"} and node.input[0] in weights
        if picks and ("label" in node.input[0].lower() or "class" in node.input[0].lower()):
            return tuple(_text(value) for value in numpy_helper.to_array(weights[node.input[0]]).ravel().tolist())
    return ()


def _listed(metadata: dict[str, str], keys: Sequence[str]) -> tuple[str, ...]:
    """A list kept in the metadata as JSON (a list, or a dict by position) or separated by commas or lines."""
    for key in keys:
        if not (text := metadata.get(key, "").strip()):
            continue
        try:
            value = json.loads(text.replace("'", '"')) if text[0] in "[{" else None
        except ValueError:
            continue
        if isinstance(value, dict):
            value = [value[k] for k in sorted(value, key=lambda k: (len(k), k))]
        names = value or [part.strip() for part in text.replace("\n", ",").split(",")]
        if all(isinstance(name, str | int) for name in names):
            return tuple(str(name) for name in names)
    return ()


def _squashed(graph: Any) -> Iterator[str]:
    makers = {name: node for node in graph.node for name in node.output}
    for output in graph.output:
        node = makers.get(output.name)
        while node is not None and node.op_type in _PASS_THROUGH:
            node = makers.get(node.input[0])
        if node is None:
            continue
        post = _attributes(node).get("post_transform", b"NONE")
        if node.op_type in _SQUASHING or post in {b"SOFTMAX", b"LOGISTIC"} or node.op_type == "ZipMap":
            yield output.name


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
