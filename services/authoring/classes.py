"""The classes of an answer's columns, and who names them: a person, the graph, or the file's metadata."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from services.authoring.hints import AuthorHints
from services.authoring.inputs import readable
from services.authoring.labels import listed_labels, names_classes
from services.inference.runtimes.onnx_graph import Graph
from services.inference.runtimes.onnx_labels import score_labels
from services.inference.tensors import GraphTensor, label_text
from services.manifests.characters import is_storable
from services.manifests.labels import MAX_VALUE, Class, numbered, readable_label

_NUMBER: Final = re.compile("-?[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Without classes where nobody names them; `guessed`: the names may be about something else."""

    classes: Sequence[Class] = ()
    by: Literal["nobody", "graph", "metadata", "person"] = "nobody"
    why: str = ""
    guessed: bool = False

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(str(each["value"]) for each in self.classes)


def named_classes(graph: Graph, hints: AuthorHints, tensor: GraphTensor, *, count: int, value: Any) -> Named:
    """`count`: columns of a row, where one may stand for two classes; `value`: what the graph gave for one row."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        keys = [label_text(key) for key in value[0]]
        return with_values(keys, _by_others(graph, hints, len(keys)))
    columns = max(count, 2)
    others = _by_others(graph, hints, columns) if count else Named()
    own = score_labels(graph, tensor.name)
    return with_values(own, others) if own is not None and len(own) == columns else others


def with_values(values: Sequence[str], others: Named) -> Named:
    """Classes that the graph calls so; their labels are a person's, or the metadata's where the graph has numbers."""
    numbers = others.by == "metadata" and all(map(_NUMBER.fullmatch, values))
    if len(others.classes) != len(values) or not (others.by == "person" or numbers):
        others = Named(classes=readable_classes(values), by="graph", why="the graph names them")
    labels = [each["label"] for each in others.classes]
    if len(set(values)) < len(values) or not all(len(value) <= MAX_VALUE and is_storable(value) for value in values):
        return replace(others, classes=numbered(labels))
    pairs = zip(values, labels, strict=True)
    return replace(others, classes=[{"value": value, "label": label} for value, label in pairs])


def _by_others(graph: Graph, hints: AuthorHints, count: int) -> Named:
    if len(hints.labels) == count:
        return Named(classes=hints.labels, by="person", why="--labels names them")
    if (listed := listed_labels(graph.metadata, count)) is None:
        return Named()
    key, labels = listed
    why = f'the file\'s "{key}" lists as many names'
    return Named(classes=readable_classes(labels), by="metadata", why=why, guessed=not names_classes(key))


def readable_classes(labels: Sequence[str]) -> list[Class]:
    return numbered([readable(readable_label(label)) if label.strip() else "" for label in labels])
