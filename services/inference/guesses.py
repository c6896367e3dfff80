"""What a graph's inputs and outputs probably are, as tables of a manifest."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from services.inference.errors import ModelBroken
from services.inference.graphs import Facts
from services.inference.tensors import GraphTensor, Shape

Entry: TypeAlias = dict[str, Any]  # a table of the manifest: text, numbers, lists, tables

MAX_QUESTIONS = 64
MAX_NUMBERS = 16
MAX_SERIES_SHOWN = 5_000
MAX_CLASSES = 10_000
DEFAULT_SIDE = 224
_TYPES = {"bool": "boolean", "int64": "integer", "int32": "integer", "uint8": "integer", "string": "text"}
_KNOWN = {*_TYPES, "float32", "float64", "float16"}


class Names:
    """Names a manifest takes, each given once: letters, digits, underscores."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def give(self, wanted: str) -> str:
        base = re.sub("[^a-z0-9_]+", "_", wanted.lower()).strip("_")[:56] or "value"
        name, number = base, 2
        while name in self._given:
            name, number = f"{base}_{number}", number + 1
        self._given.add(name)
        return name


def guess_inputs(graph: Sequence[GraphTensor], facts: Facts) -> list[Entry]:
    """Questions for every input of the graph. Raises ModelBroken where one cannot be asked for."""
    names = Names()
    entries: list[Entry] = []
    for tensor in graph:
        if tensor.dtype not in _KNOWN:
            problem = f'the graph\'s input "{tensor.name}" takes {tensor.dtype}'
            raise ModelBroken(problem=problem, fix=f"Export it with one of: {', '.join(sorted(_KNOWN))}")
        inner = _inner(tensor.shape)
        if inner == (None,) and tensor.dtype != "string" and tensor.name in facts.widths:
            inner = (facts.widths[tensor.name],)
        entries.extend({**entry, "name": names.give(entry["name"])} for entry in _questions(tensor, inner, facts))
    return entries


def _inner(shape: Shape | None) -> Shape:
    """The shape of one row: without the batch, where there is one."""
    if shape is None:
        return ()
    return shape[1:] if shape and shape[0] in {None, 1} else shape


def _questions(tensor: GraphTensor, inner: Shape, facts: Facts) -> list[Entry]:
    spec: Entry = {"name": tensor.name}
    if tensor.dtype != "float32":
        spec["dtype"] = tensor.dtype
    base: Entry = {"name": tensor.name, "label": readable(tensor.name), "tensor": spec}
    if tensor.dtype == "string":
        return _columns(tensor, base, math.prod(side or 1 for side in inner), facts)
    if (picture := _picture(inner)) is not None:
        prepare, layout = picture
        return [{**base, "type": "image", "tensor": {**spec, "layout": layout}, "prepare": prepare}]
    known = [side for side in inner if side is not None]
    size = math.prod(known)
    if len(known) == len(inner) and size <= MAX_QUESTIONS:
        return _columns(tensor, base, size, facts)
    if len([side for side in inner if side != 1]) == 1:
        length = {"min_length": size, "max_length": size} if len(known) == len(inner) else {}
        column = {"layout": "column"} if len(inner) == 2 and inner[1] == 1 else {}
        return [{**base, "type": "series", **length, "tensor": {**spec, **column}}]
    shown = "[" + ", ".join("N" if side is None else str(side) for side in tensor.shape or ()) + "]"
    problem = f'the graph\'s input "{tensor.name}" of shape {shown} is neither numbers, nor a series, nor a picture'
    raise ModelBroken(problem=problem, fix="Describe it by hand, or export the model with another input")


def _picture(inner: Shape) -> tuple[Entry, str] | None:
    """How a picture would be prepared for this shape, and its layout; None where it holds none."""
    match inner:
        case (1 | 3 as channels, height, width) if _side(height) and _side(width):
            layout = "NCHW"
        case (height, width, 1 | 3 as channels) if _side(height) and _side(width):
            layout = "NHWC"
        case (int(height), int(width)) if _side(height) and _side(width):
            channels, layout = 1, "NCHW"
        case (int(points),) if points > MAX_QUESTIONS and math.isqrt(points) ** 2 == points:
            channels, layout, height, width = 1, "flat", math.isqrt(points), math.isqrt(points)
        case _:
            return None
    prepare: Entry = {"size": [width or DEFAULT_SIDE, height or DEFAULT_SIDE]}
    return ({"mode": "grayscale", **prepare} if channels == 1 else prepare), layout


def _side(side: int | None) -> bool:
    return side is None or 8 <= side <= 2048


def _columns(tensor: GraphTensor, base: Entry, count: int, facts: Facts) -> list[Entry]:
    told = facts.features if len(facts.features) == count else ()
    label = base["label"]
    labels = [readable(name) for name in told] or (
        [label] if count == 1 else [f"{label} {i + 1}" for i in range(count)]
    )
    return [{**base, "name": labels[i], "label": labels[i], **_column(tensor, i, base, facts)} for i in range(count)]


def _column(tensor: GraphTensor, column: int, base: Entry, facts: Facts) -> Entry:
    """What is asked for a column: a choice where the model encodes categories, an example where it knows a mean."""
    categories, centre = facts.categories.get((tensor.name, column), ()), facts.centres.get((tensor.name, column))
    if categories:
        texts = [{"value": str(value), "label": str(value)} for value in categories]
        if tensor.dtype == "string":
            return {"type": "choice", "tensor": {**base["tensor"], "encode": "value"}, "options": texts}
        return {"type": "choice", "options": [{**t, "number": float(t["value"])} for t in texts]}
    kind = _TYPES.get(tensor.dtype, "number")
    if kind != "number" or centre is None or not math.isfinite(centre):
        return {"type": kind}
    return {"type": kind, "example": float(f"{centre:.3g}")}


def guess_outputs(
    graph: Sequence[GraphTensor], tried: Mapping[str, Any] | None, facts: Facts, *, pictured: bool
) -> list[Entry]:
    """Answers for every output of the graph. `tried` is what it gave for one row, None where it refused the row;
    `pictured` says that the model looks at a picture. Raises ModelBroken where nothing can be shown."""
    names = Names()
    entries: list[Entry] = []
    for tensor in graph:
        base = {"name": tensor.name, "label": readable(tensor.name), "tensor": tensor.name}
        found = _answers(tensor, base, None if tried is None else tried.get(tensor.name), facts, pictured)
        entries.extend({**entry, "name": names.give(entry["name"])} for entry in found)
    if any(entry["type"] == "classes" for entry in entries):  # then a label alone tells nothing more
        entries = [entry for entry in entries if entry["type"] != "text"]
    if not entries:
        raise ModelBroken(problem="no output of the graph can be shown", fix="Describe the outputs by hand")
    return entries


def _answers(tensor: GraphTensor, base: Entry, tried: Any, facts: Facts, pictured: bool) -> list[Entry]:
    if tensor.dtype == "seq(map)":
        keys = [str(key) for key in tried[0]] if tried else list(facts.labels)
        return [_classes(base, keys)] if len(keys) >= 2 else []
    shape = np.shape(tried)[1:] if np.ndim(tried) > 1 else tuple(side or 1 for side in _inner(tensor.shape))
    if tensor.dtype == "string" or (
        math.prod(shape) == 1 and tensor.dtype.startswith("int") and _is_label(tensor, facts)
    ):
        return [{**base, "type": "text", "classes": [{"value": v, "label": v} for v in facts.labels]}]
    if len(shape) == 3 and (shape[0] in {1, 3, 4} or shape[2] in {1, 3, 4}):
        return [_image(base, shape, tried)]
    squashed = tensor.name in facts.squashed or _sums_to_one(tried, math.prod(shape))
    return _numeric(base, math.prod(shape), facts, squashed=squashed, pictured=pictured)


def _numeric(base: Entry, count: int, facts: Facts, *, squashed: bool, pictured: bool) -> list[Entry]:
    """Answers for so many numbers a row: classes where they are scores of some, else numbers or a series."""
    binary = count == 1 and squashed and len(facts.labels) == 2
    if binary or (count >= 2 and count == len(facts.labels)):
        return [_classes(base, list(facts.labels), logits=not squashed)]
    if 2 <= count <= MAX_CLASSES and (squashed or pictured):
        return [_classes(base, [str(i) for i in range(count)], logits=not squashed)]
    if count == 1:
        return [{**base, "type": "probability" if squashed else "number"}]
    if count <= MAX_NUMBERS:
        label = base["label"]
        return [{**base, "label": f"{label} {i + 1}", "type": "number", "column": i} for i in range(count)]
    return [{**base, "type": "series", "chart": "line"}] if count <= MAX_SERIES_SHOWN else []


def _is_label(tensor: GraphTensor, facts: Facts) -> bool:
    return bool(facts.labels) or "label" in tensor.name.lower() or "class" in tensor.name.lower()


def _classes(base: Entry, values: Sequence[str], *, logits: bool = False) -> Entry:
    entry = {**base, "type": "classes", "chart": "bars"}
    if logits:
        entry["logits"] = True
    return {**entry, "classes": [{"value": value, "label": readable(value)} for value in values]}


def _sums_to_one(tried: Any, count: int) -> bool:
    if tried is None or count < 2 or np.asarray(tried).dtype.kind != "f":
        return False
    values = np.asarray(tried, np.float64)
    return bool(values.min() >= 0 and abs(values.sum() - 1) < 1e-3)


def _image(base: Entry, shape: Sequence[int], tried: Any) -> Entry:
    layout = "NCHW" if shape[0] in {1, 3, 4} else "NHWC"
    low, high = (float(np.min(tried)), float(np.max(tried))) if tried is not None else (0.0, 1.0)
    spread = [0, 255] if high > 2 else [-1, 1] if low < -0.1 else [0, 1]
    return {**base, "type": "image", "prepare": {"layout": layout, "range": spread}}


def readable(name: str) -> str:
    words = re.sub(r"[_\s]+", " ", name).strip()
    return words[:1].upper() + words[1:] or name
