"""The names of a model's classes: what its label output picks from, what its metadata lists, what a file says."""

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from services.authoring.graph import PASSES, Graph, Node, attributes, text
from services.inference.errors import ModelBroken

_ATTRIBUTES: Final = ("classlabels_int64s", "classlabels_strings", "classlabels_ints")
_LABEL_KEYS: Final = ("class_labels", "classes", "labels", "names", "id2label", "class_names", "character")
_FEATURE_KEYS: Final = ("feature_names", "features", "feature_names_in_", "columns", "input_names")
_SCORING: Final = PASSES | {"Normalizer", "Softmax", "Sigmoid", "Clip", "Div", "ReduceSum"}
_MAX_BYTES: Final = 2_000_000


def picked_labels(graph: Graph, output: str) -> tuple[str, ...] | None:
    """What an output of the graph picks its labels from; () where it gives the position of the greatest score; None
    where it is no label, or nothing tells."""
    node = graph.maker(output)
    if node is None:
        return None
    told = attributes(node)
    if (own := _own_labels(told)) and output_position(graph, output, node) == 0:
        return own
    found: tuple[str, ...] | None = None
    if node.op_type in {"ArrayFeatureExtractor", "Gather"}:
        found = _constants(graph, node.input[0])
    elif node.op_type == "Where":
        no, yes = _constants(graph, node.input[2]), _constants(graph, node.input[1])
        found = no + yes if no and yes else None
    elif node.op_type == "LabelEncoder":
        values = next((value for key, value in told.items() if key.startswith("values_")), ())
        found = tuple(text(value) for value in values) or None
    elif node.op_type == "ArgMax":
        found = ()
    return found


def score_labels(graph: Graph, output: str) -> tuple[str, ...] | None:
    """The classes of an output's columns, where the node that makes them names them."""
    node = graph.maker(output, _SCORING)
    return None if node is None else _own_labels(attributes(node)) or None


def output_position(graph: Graph, output: str, maker: Node) -> int | None:
    """Which of the maker's outputs becomes this one."""
    name = output
    while name not in maker.output:
        node = graph.maker(name, ())
        if node is None or not node.input:
            return None
        name = node.input[0]
    return list(maker.output).index(name)


def listed_labels(metadata: Mapping[str, str], count: int) -> tuple[str, ...]:
    """As many texts as there are columns, wherever the metadata lists them; () where it does not."""
    keys = sorted(metadata, key=lambda key: (key.lower() not in _LABEL_KEYS, key))
    features = {key for key in metadata if key.lower() in _FEATURE_KEYS}
    for key in keys:
        if key not in features and len(found := parse_list(metadata[key])) == count:
            return found
    return ()


def listed_features(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the columns that go in."""
    for key in sorted(metadata):
        if key.lower() in _FEATURE_KEYS and (found := parse_list(metadata[key])):
            return found
    return ()


def parse_list(raw: str) -> tuple[str, ...]:
    """Texts in their order: a list or a map by position of JSON or Python, or lines, or words between commas."""
    raw = raw.strip()
    if not raw or len(raw) > _MAX_BYTES:
        return ()
    if raw[0] in "[{(":
        return _texts(_read_literal(raw))
    if "\n" in raw:
        return _texts([line.strip() for line in raw.splitlines()])
    return _texts([part.strip() for part in raw.split(",")]) if "," in raw else ()


def read_labels(file: Path) -> tuple[str, ...]:
    """A labels file: one a line, or JSON. Raises ModelBroken."""
    try:
        raw = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ModelBroken(problem=f"{file}: {problem}", fix="Name a file with one label a line, or JSON") from None
    found = parse_list(raw if raw.lstrip()[:1] in ("[", "{") else raw + "\n")
    if not found:
        raise ModelBroken(problem=f"{file} lists no labels", fix="Write one label a line, or a JSON list")
    return found


def distinct(labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Value and label of each class: equal ones are numbered, an empty one is called so."""
    seen: dict[str, int] = {}
    for label in labels:
        shown = label.strip() or "(none)"
        seen[shown] = seen.get(shown, 0) + 1
        value = shown if seen[shown] == 1 else f"{shown} ({seen[shown]})"
        yield value, value


def _own_labels(told: Mapping[str, Any]) -> tuple[str, ...]:
    return next((tuple(text(value) for value in told[key]) for key in _ATTRIBUTES if told.get(key)), ())


def _constants(graph: Graph, name: str) -> tuple[str, ...] | None:
    found = graph.constant(name)
    return None if found is None or found.size > 100_000 else tuple(text(value) for value in found.ravel().tolist())


def _read_literal(raw: str) -> Any:  # Any: whatever was written there
    for read in (json.loads, ast.literal_eval):
        try:
            return read(raw)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return None


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, dict):
        if all(isinstance(label, int) for label in value.values()):  # label2id
            value = sorted(value, key=lambda label: value[label])
        else:
            value = [value[key] for key in sorted(value, key=lambda key: (len(str(key)), str(key)))]
    if not isinstance(value, list | tuple) or not all(isinstance(item, str | int) for item in value):
        return ()
    return tuple(str(item) for item in value)
