"""What a graph's outputs probably are, as answers of a manifest."""

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np

from services.authoring.agreement import agree, are_probabilities, labels_of, scores_of, spoken_order
from services.authoring.classes import Named, named_classes, with_values
from services.authoring.hints import AuthorHints
from services.authoring.inputs import KNOWN, Names, readable, shown
from services.authoring.notes import Entry, Note, remarked
from services.authoring.overlays import Looked, OverlayGuess, guess_boxes, guess_mask
from services.authoring.tokens import told_of_each_token
from services.authoring.trials import Trial
from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx_graph import PASSES, Graph, attributes
from services.inference.runtimes.onnx_labels import picked_labels, picked_of
from services.inference.tensors import GraphTensor
from services.manifests.characters import is_storable
from services.manifests.labels import MAX_VALUE, Class, Label, readable_label
from services.manifests.outputs import MOST_CLASSES
from services.manifests.preparation import Prepare
from services.values.framing import Size, framed
from services.values.samples import EXAMPLE_PHOTO

MAX_ANSWERS: Final = 64
MAX_NUMBERS: Final = 16
MAX_SERIES: Final = 5_000
SCORE: Final = {"en": "Score", "ru": "Оценка"}
_SQUASHING: Final = frozenset({"Softmax", "Sigmoid", "LogisticRegression", "Normalizer", "HardSigmoid"})
_DRAWING: Final = frozenset({"Conv", "ConvTranspose", "Resize", "Upsample", "DepthToSpace", "Tanh", "Clip", "Sigmoid"})
_OTHER: Final = re.compile(
    "box|rect|landm|coord|embed|feature|vector|weight|attention|alpha|mask|anchor", re.IGNORECASE
)
_VECTOR: Final = re.compile("embed", re.IGNORECASE)
_NAMED: Final = re.compile("prob|soft_?max|class|score|label|pred|logit|^p$", re.IGNORECASE)


_SHOWN: Final = {*KNOWN, "uint64", "seq(map)"}


class Answers:
    """Answers for the outputs of a graph, and what they were taken for."""

    def __init__(
        self, graph: Graph, trial: Trial, hints: AuthorHints, *, photo: Entry | None, kept: Sequence[str]
    ) -> None:
        """`photo`: the question for the picture that the model looks at; `kept`: outputs that are its next
        state, and no answer."""
        self.entries: list[Entry] = []
        self.notes: list[Note] = []
        self._graph, self._trial, self._hints = graph, trial, hints
        self._photo, self._pictured, self._kept = photo, photo is not None, kept
        self._labels: dict[str, tuple[str, ...]] = {}
        self._counts: dict[str, int] = {}  # names that an output could have
        self._rows = len(trial.rows)

    def give(self, tensors: Sequence[GraphTensor]) -> None:
        """Raises ModelBroken where nothing can be shown."""
        names = Names()
        rest = [tensor for tensor in tensors if tensor.name not in self._kept]
        over = self._overlays(rest)
        covered = frozenset().union(*(guess.tensors for guess in over))
        rest = [tensor for tensor in rest if tensor.name not in covered]
        labels = [tensor for tensor in rest if self._is_label(tensor)]
        found = {
            tensor.name: self._vector(tensor) or self._scores(tensor, labels) for tensor in rest if tensor not in labels
        }
        spoken_for = {name for name, _ in found.values() if name is not None}
        given = {
            tensor.name: found[tensor.name][1] if tensor.name in found else self._label(tensor, spoken_for)
            for tensor in rest
        }
        self._check_labels()
        if sum(map(len, given.values())) > MAX_ANSWERS:
            given = {name: self._together(name, entries) for name, entries in given.items()}
        everything = [*(guess.entry for guess in over), *(each for entries in given.values() for each in entries)]
        self.entries = [{**each, "name": names.give(each["name"])} for each in everything]
        if not self.entries:
            raise nothing_shown(self.notes)
        if len(self.entries) > MAX_ANSWERS:
            dropped = len(self.entries) - MAX_ANSWERS
            self.notes.append(
                Note(tensor="…", what=f"the last {dropped} answers are left out", why="at most 64 are shown")
            )
            self.entries = self.entries[:MAX_ANSWERS]

    def _overlays(self, tensors: Sequence[GraphTensor]) -> list[OverlayGuess]:
        """What is drawn over the photo. The photo's question then says how it lay for the graph."""
        if self._photo is None:
            return []
        size = self._photo["prepare"]["size"]
        fixed = None if "free" in size else (size[0], size[1])
        looked = Looked(graph=self._graph, trial=self._trial, hints=self._hints, size=fixed)
        boxes = guess_boxes(tensors, looked)
        found = [boxes] if boxes is not None else [guess for t in tensors if (guess := guess_mask(t, looked))]
        for guess in found:
            self.notes.append(guess.note)
            self._photo["prepare"] = {**self._photo["prepare"], **guess.prepare}
            self._counts[", ".join(sorted(guess.tensors))] = len(guess.entry.get("classes", ()))
        return found

    def _check_labels(self) -> None:
        """Raises ModelBroken where names of classes were said that no output has as many of."""
        told = len(self._hints.labels)
        if not told or told in self._counts.values():
            return
        counts = ", ".join(f'"{name}" has {count}' for name, count in self._counts.items() if count > 1)
        problem = f"{told} classes are named, and {f'the output {counts}' if counts else 'no output has classes'}"
        raise ModelBroken(problem=problem, fix="Name as many, in the order of the columns, or leave --labels out")

    def _together(self, tensor: str, entries: list[Entry]) -> list[Entry]:
        """A series in place of several numbers of one tensor."""
        if len(entries) < 2 or entries[0]["type"] != "number":
            return entries
        self.notes.append(
            Note(tensor=tensor, what="a series in place of single numbers", why=f"at most {MAX_ANSWERS} are shown")
        )
        base = {"name": tensor, "label": readable(tensor), "tensor": tensor}
        return [remarked({**base, "type": "series", "chart": "line"}, "type", "guessed: nothing tells what they mean")]

    def _note(self, tensor: GraphTensor, what: str, why: str, *, guessed: bool = False, options: str = "") -> None:
        self.notes.append(Note(tensor=tensor.name, what=what, why=why, guessed=guessed, options=options))

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
        labels, base = self._labels[tensor.name], _base(tensor)
        entry: Entry = {**base, "type": "text"}
        if labels and (classes := self._words(labels)):
            entry["classes"] = classes
        count = int(np.size(self._value(tensor))) if self._value(tensor) is not None else 1
        self._note(tensor, "the label of a class" if labels else "a text", "the graph picks it")
        if count <= 1:
            return [entry]
        if count > MAX_NUMBERS:
            self._note(tensor, f"the last {count - MAX_NUMBERS} texts are left out", f"at most {MAX_NUMBERS} are shown")
        label = base["label"]
        return [{**entry, "label": f"{label} {i + 1}", "column": i} for i in range(min(count, MAX_NUMBERS))]

    def _words(self, labels: Sequence[str]) -> list[Class]:
        """Labels for what the graph says, a person's where there are as many."""
        values = list(dict.fromkeys(labels))
        self._counts[", ".join(self._labels)] = len(values)
        told = self._hints.labels if len(self._hints.labels) == len(values) else ()
        words = [each["label"] for each in told] or [readable_label(value) for value in values]
        pairs = zip(values, words, strict=True)
        fitting = [pair for pair in pairs if len(pair[0]) <= MAX_VALUE and is_storable(pair[0])]
        return [{"value": value, "label": word} for value, word in fitting[:MOST_CLASSES]]

    def _scores(self, tensor: GraphTensor, labels: Sequence[GraphTensor]) -> tuple[str | None, list[Entry]]:
        """The label output that the scores speak for, if they do, and the answers."""
        base, value = _base(tensor), self._value(tensor)
        if (note := left_out(tensor)) is not None:
            self.notes.append(note)
            return None, []
        if self._rows and not any(_is_finite(row[tensor.name]) for row in self._trial.rows):
            what = "no finite number, so that every customer would be paid back"
            self._note(tensor, what, f"on none of {self._rows} rows there was one", guessed=True)
        sizes = {np.size(row[tensor.name]) for row in self._trial.rows if not isinstance(row[tensor.name], list)}
        if sizes == {0}:
            self._note(tensor, "left out", f"it gave nothing, of shape {list(np.shape(value))}, on {self._rows} rows")
            return None, []
        if len(sizes) > 1 and max(sizes) <= MAX_SERIES and tensor.name not in self._trial.moving:
            what = f"a series of {min(sizes)} to {max(sizes)} numbers"
            self._note(tensor, what, "its length depends on what goes in", guessed=True)
            series = {**base, "type": "series", "chart": "line"}
            return None, [remarked(series, "type", "guessed: its length depends on what goes in")]
        shape = self._shape(tensor, value)
        count = math.prod(shape)
        named = named_classes(self._graph, self._hints, tensor, count=count, value=value)
        self._counts[tensor.name] = max(count, 2) if count == 1 and self._may_be_two(tensor) else count
        claims = [(label.name, own) for label in labels for own in self._claims(label.name, tensor.name, named, count)]
        for label, own in claims:
            scores = scores_of(self._trial.rows, tensor.name, own.values)
            if agree(labels_of(self._trial.rows, label), scores, own.values) and are_probabilities(scores):
                what = f"probabilities of {len(own.classes)} classes"
                self._note(tensor, what, f"they agree with {label} on {self._rows} rows; {own.why}")
                return label, [{**_classes(base, own.classes), "label_tensor": label}]
        if claims and (named.by != "person" or any(self._labels.values())):
            label, own = claims[0]
            why = f"they are no probabilities of what {label} says"
            return None, self._plain({**base, "label": SCORE}, tensor, count, why=why)
        return None, self._without_label(tensor, base, shape, value, named)

    def _vector(self, tensor: GraphTensor) -> tuple[None, list[Entry]] | None:
        """Of a whole text, where there is one for each of its tokens."""
        if not told_of_each_token(tensor, self._hints):
            return None
        what = "a vector of the whole text, the mean of its tokens'"
        self._note(tensor, what, "it has one for each", guessed=True)
        vector = {**_base(tensor), "type": "embedding", "pooling": "mean", "normalise": True}
        return None, [remarked(vector, "pooling", "guessed: mean, cls or max, as the model was trained")]

    def _claims(self, label: str, scores: str, named: Named, count: int) -> list[Named]:
        """What the columns may be called for a label output to name one of them: what it picks from, else the classes
        themselves, their positions, or what it was heard to say of each."""
        columns = len(named.classes) or max(count, 2)
        if picked := self._labels[label]:
            options = [with_values(picked, named)]
        else:
            positions = [str(i) for i in range(columns)] if columns <= MOST_CLASSES else []
            heard = spoken_order(labels_of(self._trial.rows, label), scores_of(self._trial.rows, scores))
            options = [named, with_values(positions, named), *([with_values(heard, named)] if heard else [])]
        fitting = (1, 2) if count == 1 else (count,)
        return [each for each in options if len(each.classes) >= 2 and (len(each.classes) in fitting)]

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

    def _without_label(
        self, tensor: GraphTensor, base: Entry, shape: tuple[int, ...], value: Any, named: Named
    ) -> list[Entry]:
        count, classes = math.prod(shape), named.classes
        squashed = self._is_squashed(tensor, named.values)
        if (image := self._image(tensor, base, shape, value)) is not None:
            return [image]
        if tensor.name in self._trial.moving:
            self._note(tensor, "a series", "it is as long as what goes in")
            return [{**base, "type": "series", "chart": "line"}]
        if _OTHER.search(tensor.name) and named.by != "person" and not isinstance(value, list):
            return self._plain(base, tensor, count)
        if len(classes) >= 2 and (count == len(classes) or (count == 1 and squashed and len(classes) == 2)):
            return [self._named_scores(tensor, base, named, squashed=squashed)]
        speaking = self._pictured or _NAMED.search(tensor.name)
        if 2 <= count <= MOST_CLASSES and squashed and speaking:
            why = "they sum to one; nothing names them"
            self._note(tensor, f"probabilities of {count} classes", why, guessed=True, options="--labels")
            entry = _classes(base, [{"value": str(i), "label": str(i)} for i in range(count)])
            return [remarked(entry, "classes", "guessed: nothing in the file names them; see --labels")]
        return self._plain(base, tensor, count, squashed=squashed)

    def _named_scores(self, tensor: GraphTensor, base: Entry, named: Named, *, squashed: bool) -> Entry:
        what = "probabilities" if squashed else "scores, made probabilities by softmax,"
        guessed = named.guessed or not squashed
        why = named.why if squashed else f"{named.why}; they do not sum to one as they are"
        options = "--labels" if named.guessed else ""
        self._note(tensor, f"{what} of {len(named.classes)} classes", why, guessed=guessed, options=options)
        entry = _classes(base, named.classes, logits=not squashed)
        if named.guessed:
            entry = remarked(entry, "classes", f"guessed: {named.why}; see --labels")
        return entry if squashed else remarked(entry, "logits", "guessed: the scores are no probabilities as they are")

    def _may_be_two(self, tensor: GraphTensor) -> bool:
        """Whether one column stands for two classes: a probability, or scores that a label goes with."""
        return bool(self._labels) or self._is_squashed(tensor, ())

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
        many = tensor.shape is not None and len(tensor.shape) == 4 and math.prod(shape) > MAX_SERIES
        evidence = self._pictured or many or (drawn is not None and drawn.op_type in _DRAWING)
        sides = list(shape)
        if len(sides) == 3 and sides[0] in {1, 3, 4} and min(sides[1:]) >= 8:
            layout = "NCHW"
        elif len(sides) == 3 and sides[2] in {1, 3, 4} and min(sides[:2]) >= 8:
            layout = "NHWC"
        elif len(sides) == 2 and min(sides) >= 8 and self._times((sides[1], sides[0])) is not None:
            sides, layout = [1, *sides], "NCHW"  # a mask
        else:
            return None
        if not evidence:
            return None
        low, high = (float(np.min(value)), float(np.max(value))) if value is not None else (0.0, 1.0)
        spread = self._spread(tensor, low, high)
        self._note(tensor, "a picture", f"its shape {sides}; values from {low:.3g} to {high:.3g}", guessed=True)
        entry = {**base, "type": "image", "prepare": {"layout": layout, "range": spread}}
        picked = picked_of(self._graph, tensor.name)
        seen = f"it picks among {picked} channels" if picked else f"it gave values from {low:.3g} to {high:.3g}"
        entry = remarked(entry, "prepare", f"guessed: {seen}")
        height, width = sides[1:] if layout == "NCHW" else sides[:2]
        return self._shaped(entry, (width, height))

    def _shaped(self, entry: Entry, size: Size) -> Entry:
        """With the shape of the photo, where the example was enlarged or reduced alike in width and height."""
        times = self._times(size)
        if self._photo is None or times is None:
            return entry
        name = self._photo["name"]
        remark = f"guessed: it is as large as {name}" if times == 1 else f"guessed: its sides are {times} of {name}'s"
        return remarked({**entry, "shape_of": name}, "shape_of", remark)

    def _times(self, size: Size) -> Fraction | None:
        """As how many times, or what part of, the photo's an answer's sides are; None where width and height differ."""
        if self._photo is None:
            return None
        sheet = framed(Prepare.model_validate(self._photo["prepare"]), EXAMPLE_PHOTO).sheet
        across, down = (Fraction(after, before) for after, before in zip(size, sheet, strict=True))
        return across if across == down and 1 in {across.numerator, across.denominator} else None

    def _spread(self, tensor: GraphTensor, low: float, high: float) -> list[float]:
        """What is black and what is white."""
        whole = tensor.dtype.startswith(("int", "uint"))
        values = [row[tensor.name] for row in self._trial.rows[:8] if not isinstance(row[tensor.name], list)]
        low = min([low, *(float(np.min(value)) for value in values if np.size(value))])
        high = max([high, *(float(np.max(value)) for value in values if np.size(value))])
        integral = whole or (high > 1 and all(np.array_equal(value, np.rint(value)) for value in values))
        if integral and high < 128:  # the numbers of classes
            return [0, max(1, picked_of(self._graph, tensor.name) - 1, int(high))]
        return [0, 255] if high > 2 else [-1, 1] if low < -0.1 else [0, 1]

    def _plain(
        self,
        base: Entry,
        tensor: GraphTensor,
        count: int,
        *,
        squashed: bool = False,
        why: str = "",
    ) -> list[Entry]:
        """Numbers as numbers: one, a few, or a series."""
        if count == 1:
            self._note(tensor, "a probability" if squashed else "a number", why or "one value")
            return [{**base, "type": "probability" if squashed else "number"}]
        why = why or "nothing tells what they mean"
        if squashed:
            why += "; they sum to one: where they are classes, name them with --labels"
        if count <= MAX_NUMBERS:
            self._note(tensor, f"{count} numbers", why, guessed=True)
            entries = [
                {**base, "label": _counted(base["label"], i + 1), "type": "number", "column": i} for i in range(count)
            ]
            return [remarked(entry, "type", f"guessed: {why}") for entry in entries]
        if count <= MAX_SERIES and _VECTOR.search(tensor.name):
            self._note(tensor, f"a vector of {count} numbers", "it is called so")
            return [{**base, "type": "embedding"}]
        if count <= MAX_SERIES:
            self._note(tensor, f"a series of {count} numbers", why, guessed=True)
            return [remarked({**base, "type": "series", "chart": "line"}, "type", f"guessed: {why}")]
        self._note(tensor, "left out", f"{count} values of shape {shown(tensor.shape)} are too many to show")
        return []


def _counted(label: Label, number: int) -> Label:
    if isinstance(label, str):
        return f"{label} {number}"
    return {language: f"{text} {number}" for language, text in label.items()}


def left_out(tensor: GraphTensor) -> Note | None:
    """Why an output's values cannot be read; None where they can."""
    if tensor.dtype in _SHOWN:
        return None
    why = f'the output "{tensor.name}" gives values of type {tensor.dtype}, which cannot be read'
    if tensor.dtype.startswith("seq"):
        why = "it is a sequence of tensors, not one"
    return Note(tensor=tensor.name, what="left out", why=why)


def nothing_shown(notes: Sequence[Note]) -> ModelBroken:
    """`notes`: what became of the outputs."""
    told = "; ".join(str(note) for note in notes) or "it has no outputs"
    fix = "Let the graph end in a text, classes, a picture or at most 5,000 numbers, as one tensor each"
    return ModelBroken(problem=f"no output of the graph can be shown: {told}", fix=fix)


def _is_finite(value: Any) -> bool:  # Any: an array, or a list of maps
    numbers = [list(each.values()) for each in value] if isinstance(value, list) else value
    return np.asarray(numbers).dtype.kind not in "fiub" or bool(np.isfinite(np.asarray(numbers)).all())


def _base(tensor: GraphTensor) -> Entry:
    return {"name": tensor.name, "label": readable(tensor.name), "tensor": tensor.name}


def _classes(base: Entry, classes: Sequence[Class], *, logits: bool = False) -> Entry:
    entry = {**base, "type": "classes", "chart": "bars"}
    if logits:
        entry["logits"] = True
    return {**entry, "classes": list(classes)}
