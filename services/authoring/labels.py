"""The names of a model's classes in its file: what its label output picks from, what its metadata lists."""

import re
from collections.abc import Mapping
from typing import Any, Final

from services.authoring.graph import PASSES, Graph, Node, attributes, text
from services.manifests.labels import LabelsUnreadable, english, parse_labels

_ATTRIBUTES: Final = ("classlabels_int64s", "classlabels_strings", "classlabels_ints")
_LABEL_KEYS: Final = ("class_labels", "classes", "labels", "names", "id2label", "label2id", "class_names", "character")
_FEATURE_KEYS: Final = ("feature_names", "features", "feature_names_in_", "columns", "input_names")
_ABOUT_THE_FILE: Final = re.compile("author|descr|licen|date|time|version|docs|url|task|summary|comment", re.IGNORECASE)
_NUMBER: Final = re.compile("[-+]?[0-9]+( [(][0-9]+[)])?")
_SCORING: Final = PASSES | {"Normalizer", "Softmax", "Sigmoid", "Clip", "Div", "ReduceSum"}
_MAX_BYTES: Final = 2_000_000


def picked_labels(graph: Graph, output: str) -> tuple[str, ...] | None:
    """What an output of the graph picks its labels from; () where it gives the position of the greatest score; None
    where it is no label, or nothing tells."""
    node = graph.maker(output)
    if node is None or node.op_type == "ZipMap":
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


def listed_labels(metadata: Mapping[str, str], count: int) -> tuple[str, tuple[str, ...]] | None:
    """The key of the metadata that lists as many texts as there are columns, and the texts; None where none does."""
    keys = sorted(metadata, key=lambda key: (not names_classes(key), key))
    for key in keys:
        if key.lower() in _FEATURE_KEYS or _ABOUT_THE_FILE.search(key):
            continue
        found = parse_list(metadata[key])
        if len(found) == count and (names_classes(key) or not all(map(_NUMBER.fullmatch, found))):
            return key, found
    return None


def names_classes(key: str) -> bool:
    """Whether a key of the metadata is one that files list their classes under."""
    return key.lower() in _LABEL_KEYS


def listed_features(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the columns that go in."""
    for key in sorted(metadata):
        if key.lower() in _FEATURE_KEYS and (found := parse_list(metadata[key])):
            return found
    return ()


def parse_list(raw: str) -> tuple[str, ...]:
    """Texts in their order: as a labels file lists them, or words between commas; () where it is no list."""
    raw = raw.strip()
    if not raw or len(raw) > _MAX_BYTES:
        return ()
    if raw[0] not in "[{(" and "\n" not in raw:
        return tuple(part.strip() for part in raw.split(",")) if "," in raw else ()
    try:
        return tuple(english(each["label"]) for each in parse_labels(raw))
    except LabelsUnreadable:
        return ()


def _own_labels(told: Mapping[str, Any]) -> tuple[str, ...]:
    return next((tuple(text(value) for value in told[key]) for key in _ATTRIBUTES if told.get(key)), ())


def _constants(graph: Graph, name: str) -> tuple[str, ...] | None:
    found = graph.constant(name)
    return None if found is None or found.size > 100_000 else tuple(text(value) for value in found.ravel().tolist())
