"""What a graph's outputs probably are, as answers of a manifest."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from services.authoring.asked import Names, readable, shown
from services.authoring.graph import PASSES, Graph, attributes
from services.authoring.labels import distinct, listed_labels, picked_labels, score_labels
from services.authoring.notes import Entry, Note, remarked
from services.authoring.pictures import Told
from services.authoring.trials import Trial
from services.authoring.verdicts import agree, are_probabilities, labels_of, scores_of
from services.inference.errors import ModelBroken
from services.inference.tensors import GraphTensor

MAX_ANSWERS: Final = 64
MAX_NUMBERS: Final = 16
MAX_SERIES: Final = 5_000
MAX_CLASSES: Final = 10_000
_SQUASHING: Final = frozenset({"Softmax", "Sigmoid", "LogisticRegression", "Normalizer", "HardSigmoid"})
_DRAWING: Final = frozenset({"Conv", "ConvTranspose", "Resize", "Upsample", "DepthToSpace", "Tanh", "Clip", "Sigmoid"})
_NAMED: Final = re.compile("prob|soft_?max|class|score|label|pred|logit|^p$", re.IGNORECASE)


class Answers:
    """Answers for the outputs of a graph, and what they were taken for."""

    def __init__(self, graph: Graph, trial: Trial, told: Told, *, pictured: bool, kept: Sequence[str]) -> None:
        """`pictured`: the model looks at a picture; `kept`: outputs that are its next state, and no answer."""
        self.entries: list[Entry] = []
        self.notes: list[Note] = []
        self._graph, self._trial, self._told = graph, trial, told
        self._pictured, self._kept = pictured, kept
        self._labels: dict[str, tuple[str, ...]] = {}

    def give(self, tensors: Sequence[GraphTensor]) -> None:
        """Raises ModelBroken where nothing can be shown."""
        names = Names()
        rest = [tensor for tensor in tensors if tensor.name not in self._kept]
        labels = [tensor for tensor in rest if self._is_label(tensor)]
        found = {tensor.name: self._scores(tensor, labels) for tensor in rest if tensor not in labels}
        spoken_for = {name for name, _ in found.values() if name is not None}
        for tensor in rest:
            entries = found[tensor.name][1] if tensor.name in found else self._label(tensor, spoken_for)
            self.entries += [{**entry, "name": names.give(entry["name"])} for entry in entries]
        if not self.entries:
            told = "; ".join(str(note) for note in self.notes) or "it has no outputs"
            raise ModelBroken(problem=f"no output of the graph can be shown: {told}", fix="")
        if len(self.entries) > MAX_ANSWERS:
            dropped = len(self.entries) - MAX_ANSWERS
            self.notes.append(Note(tensor="…", what=f"the last {dropped} answers are left out", why="64 can be shown"))
            self.entries = self.entries[:MAX_ANSWERS]

    def _note(self, tensor: GraphTensor, what: str, why: str, *, guessed: bool = False) -> None:
        self.notes.append(Note(tensor=tensor.name, what=what, why=why, guessed=guessed))

    def _is_label(self, tensor: GraphTensor) -> bool:
        """One text or whole number a row that names a class."""
        if tensor.dtype == "string":
            self._labels[tensor.name] = picked_labels(self._graph, tensor.name) or ()
            return True
        value = self._value(tensor)
        if not tensor.dtype.startswith("int") or value is None or np.size(value) > MAX_NUMBERS:
            return False
        picked = picked_labels(self._graph, tensor.name)
        if picked is None and not re.search("label|class|pred", tensor.name, re.IGNORECASE):
            return False
        self._labels[tensor.name] = picked or ()
        return True

    def _value(self, tensor: GraphTensor) -> Any:  # Any: arrays, and lists of maps
        return None if self._trial.one is None else self._trial.one.get(tensor.name)

    def _label(self, tensor: GraphTensor, spoken_for: set[str]) -> list[Entry]:
        if tensor.name in spoken_for:
            return []
        labels = self._labels[tensor.name]
        base = _base(tensor)
        classes = [{"value": label, "label": label.strip() or "(none)"} for label in dict.fromkeys(labels)][
            :MAX_CLASSES
        ]
        entry: Entry = {**base, "type": "text", "classes": classes}
        count = int(np.size(self._value(tensor))) if self._value(tensor) is not None else 1
        self._note(tensor, "the label of a class" if labels else "a text", "the graph picks it")
        if count <= 1:
            return [entry]
        label = base["label"]
        return [{**entry, "label": f"{label} {i + 1}", "column": i} for i in range(min(count, MAX_NUMBERS))]

    def _scores(self, tensor: GraphTensor, labels: Sequence[GraphTensor]) -> tuple[str | None, list[Entry]]:
        """The label output that the scores speak for, if they do, and the answers."""
        base, value = _base(tensor), self._value(tensor)
        if tensor.dtype.startswith("seq") and tensor.dtype != "seq(map)":
            self._note(tensor, "left out", "a sequence cannot be shown")
            return None, []
        if value is not None and np.size(value) == 0 and not isinstance(value, list):
            self._note(tensor, "left out", f"it gave nothing for the example, of shape {list(np.shape(value))}")
            return None, []
        shape = self._shape(tensor, value)
        classes = self._classes_of(tensor, math.prod(shape), value)
        for label in labels:
            own = self._labels[label.name] or classes or tuple(str(i) for i in range(math.prod(shape)))
            if len(own) < 2 or (math.prod(shape) not in (1, len(own)) and tensor.dtype != "seq(map)"):
                continue
            scores = scores_of(self._trial.rows, tensor.name, own)
            if agree(labels_of(self._trial.rows, label.name), scores, own) and are_probabilities(scores):
                rows = len(self._trial.rows)
                self._note(
                    tensor, f"probabilities of {len(own)} classes", f"they agree with {label.name} on {rows} rows"
                )
                return label.name, [{**_classes(base, own), "label_tensor": label.name}]
            self._note(tensor, "numbers", f"they are no probabilities of what {label.name} says")
            return None, self._plain(base, tensor, math.prod(shape), own)
        return None, self._without_label(tensor, base, shape, value, classes)

    def _shape(self, tensor: GraphTensor, value: Any) -> tuple[int, ...]:
        """Of one row, without sides of one behind it."""
        if isinstance(value, list):
            return (len(value[0]) if value and isinstance(value[0], dict) else 1,)
        sides = np.shape(value) if value is not None else tuple(side or 1 for side in tensor.shape or ())
        first = tensor.shape[0] if tensor.shape else None
        inner = sides[1:] if len(sides) > 1 and (first in {None, 1} and sides[0] == 1) else sides
        if len(inner) == 3 and inner[1:] == (1, 1):
            inner = inner[:1]
        return tuple(inner)

    def _classes_of(self, tensor: GraphTensor, count: int, value: Any) -> tuple[str, ...]:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return tuple(str(key) for key in value[0])
        if self._told.labels and count in (len(self._told.labels), 1):
            return self._told.labels
        if (own := score_labels(self._graph, tensor.name)) and count in (len(own), 1):
            return own
        return listed_labels(self._graph.metadata, count if count > 1 else 2) if count else ()

    def _without_label(
        self, tensor: GraphTensor, base: Entry, shape: tuple[int, ...], value: Any, classes: Sequence[str]
    ) -> list[Entry]:
        count = math.prod(shape)
        squashed = self._is_squashed(tensor, classes)
        if (image := self._image(tensor, base, shape, value)) is not None:
            return [image]
        if tensor.name in self._trial.moving:
            self._note(tensor, "a series", "it is as long as what goes in")
            return [{**base, "type": "series", "chart": "line"}]
        if len(classes) >= 2 and (count == len(classes) or (count == 1 and squashed and len(classes) == 2)):
            what = "probabilities" if squashed else "scores, made probabilities by softmax,"
            self._note(
                tensor, f"{what} of {len(classes)} classes", "the file lists as many labels", guessed=not squashed
            )
            return [_classes(base, classes, logits=not squashed)]
        named = self._pictured or _NAMED.search(tensor.name)
        if 2 <= count <= MAX_CLASSES and squashed and named:
            self._note(tensor, f"probabilities of {count} classes", "they sum to one; nothing names them", guessed=True)
            entry = _classes(base, [str(i) for i in range(count)])
            return [remarked(entry, "classes", "guessed: nothing in the file names them; see --labels")]
        return self._plain(base, tensor, count, (), squashed=squashed)

    def _is_squashed(self, tensor: GraphTensor, classes: Sequence[str]) -> bool:
        if isinstance(self._value(tensor), list):
            return are_probabilities(scores_of(self._trial.rows, tensor.name, classes))
        node = self._graph.maker(tensor.name)
        post = attributes(node).get("post_transform", b"NONE") if node is not None else b"NONE"
        by_maker = node is not None and (node.op_type in _SQUASHING or post in {b"SOFTMAX", b"LOGISTIC"})
        scores = scores_of(self._trial.rows, tensor.name)
        return are_probabilities(scores) if scores.shape[1:] != (1,) else by_maker and are_probabilities(scores)

    def _image(self, tensor: GraphTensor, base: Entry, shape: tuple[int, ...], value: Any) -> Entry | None:
        drawn = self._graph.maker(tensor.name, PASSES)
        evidence = self._pictured or (drawn is not None and drawn.op_type in _DRAWING)
        sides = list(shape)
        if len(sides) == 3 and sides[0] in {1, 3, 4} and min(sides[1:]) >= 8:
            layout = "NCHW"
        elif len(sides) == 3 and sides[2] in {1, 3, 4} and min(sides[:2]) >= 8:
            layout = "NHWC"
        else:
            return None
        if not evidence:
            return None
        low, high = (float(np.min(value)), float(np.max(value))) if value is not None else (0.0, 1.0)
        spread = self._spread(tensor, low, high)
        self._note(tensor, "a picture", f"its shape {sides}; values from {low:.3g} to {high:.3g}", guessed=True)
        entry = {**base, "type": "image", "prepare": {"layout": layout, "range": spread}}
        return remarked(entry, "prepare", f"guessed: it gave values from {low:.3g} to {high:.3g}")

    def _spread(self, tensor: GraphTensor, low: float, high: float) -> list[float]:
        """What is black and what is white."""
        whole = tensor.dtype.startswith(("int", "uint"))
        values = [row[tensor.name] for row in self._trial.rows[:8] if not isinstance(row[tensor.name], list)]
        low = min([low, *(float(np.min(value)) for value in values if np.size(value))])
        high = max([high, *(float(np.max(value)) for value in values if np.size(value))])
        integral = whole or (high > 1 and all(np.array_equal(value, np.rint(value)) for value in values))
        if integral and high < 128:  # the numbers of classes
            return [0, max(1.0, high)]
        return [0, 255] if high > 2 else [-1, 1] if low < -0.1 else [0, 1]

    def _plain(
        self, base: Entry, tensor: GraphTensor, count: int, columns: Sequence[str], *, squashed: bool = False
    ) -> list[Entry]:
        """Numbers as numbers: one, a few, or a series."""
        if count == 1:
            self._note(tensor, "a probability" if squashed else "a number", "one value")
            return [{**base, "type": "probability" if squashed else "number"}]
        if count <= MAX_NUMBERS:
            named = [label for _, label in distinct(columns)] if len(columns) == count else range(1, count + 1)
            self._note(tensor, f"{count} numbers", "nothing tells what they mean", guessed=not columns)
            return [
                {**base, "label": f"{base['label']} {readable(str(each))}", "type": "number", "column": i}
                for i, each in enumerate(named)
            ]
        if count <= MAX_SERIES:
            self._note(tensor, f"a series of {count} numbers", "nothing tells what they mean", guessed=True)
            return [remarked({**base, "type": "series", "chart": "line"}, "type", "guessed: so many numbers")]
        self._note(tensor, "left out", f"{count} values of shape {shown(tensor.shape)} cannot be shown")
        return []


def _base(tensor: GraphTensor) -> Entry:
    return {"name": tensor.name, "label": readable(tensor.name), "tensor": tensor.name}


def _classes(base: Entry, labels: Sequence[str], *, logits: bool = False) -> Entry:
    entry = {**base, "type": "classes", "chart": "bars"}
    if logits:
        entry["logits"] = True
    return {**entry, "classes": [{"value": value, "label": readable(label)} for value, label in distinct(labels)]}
