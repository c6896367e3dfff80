"""What a graph's inputs probably are, as questions of a manifest."""

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from services.authoring.hints import AuthorHints
from services.authoring.labels import listed_features
from services.authoring.notes import REMARKS, Entry, Note, remarked
from services.authoring.pictures import guess_picture, guess_pictures
from services.authoring.tokens import text_question
from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx_columns import Columns
from services.inference.runtimes.onnx_graph import Graph, dimensions
from services.inference.tensors import GraphTensor, Shape
from services.manifests.characters import cleaned, is_visible
from services.manifests.inputs import MAX_SERIES
from services.manifests.labels import Label, english, numbered

MAX_ASKED: Final = 256
MAX_COLUMNS: Final = 64  # of one tensor, as questions; more are sent together
MAX_OPTIONS: Final = 1000
MAX_LABEL: Final = 200  # characters
INTEGERS: Final = ("int64", "int32", "int16", "int8", "uint32", "uint16", "uint8")
TYPES: Final = {"bool": "boolean", "string": "text"} | dict.fromkeys(INTEGERS, "integer")
WORDS: Final = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "yes or no",
    "text": "a text",
    "choice": "one of its options",
}
KNOWN: Final = {*TYPES, "float32", "float64", "float16"}
RATE: Final = "a sample rate"
SETTINGS: Final = (
    (re.compile("^(sr|rate|sampl(e|ing)_?rate)$", re.IGNORECASE), RATE, 16000),
    (re.compile("^(is_?|use_?)?train(ing)?(_?mode)?$", re.IGNORECASE), "a switch for training", 0),
    (re.compile("iou", re.IGNORECASE), "a threshold", 0.45),
    (re.compile("thres|conf(idence)?$", re.IGNORECASE), "a threshold", 0.5),
    (re.compile("^(max|top_?k|limit)", re.IGNORECASE), "a limit", 100),
    (re.compile("dropout|noise", re.IGNORECASE), "a share of chance", 0),
)
_VARYING: Final = re.compile("len|time|samp|seq|step|frame|^[tl]$|points|window|period", re.IGNORECASE)
_TOKENS: Final = re.compile("input_?ids|token|attention_?mask|position_?ids", re.IGNORECASE)


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


class Questions:
    """Questions for the inputs of a graph, and what they were taken for."""

    def __init__(self, graph: Graph, columns: Columns, hints: AuthorHints) -> None:
        self.entries: list[Entry] = []
        self.constants: list[Entry] = []
        self.notes: list[Note] = []
        self.kept: list[str] = []  # outputs that are the next state
        self._graph, self._columns, self._hints = graph, columns, hints
        self._named = False
        self._most = MAX_COLUMNS  # of one tensor, as questions of their own
        self._sides = {tensor.name: dimensions(tensor) for tensor in graph.inputs}

    def ask(self, tensors: Sequence[GraphTensor]) -> None:
        """Raises ModelBroken where one of them cannot be asked for."""
        if not tensors:
            raise ModelBroken(problem="the graph has no inputs", fix="Export it with what it looks at as an input")
        lone = [tensor for tensor in tensors if not tensor.shape]
        for tensor in tensors:
            if tensor.dtype not in KNOWN:
                what = "a sequence of tensors" if tensor.dtype.startswith("seq") else f"values of type {tensor.dtype}"
                problem = f'the graph\'s input "{tensor.name}" takes {what}'
                raise ModelBroken(problem=problem, fix="Export it with one tensor of float32, int64 or string there")
        fed = {tensor.name: self._constant(tensor, alone=len(lone) == len(tensors)) for tensor in tensors}
        self.constants = [constant for constant in fed.values() if constant is not None]
        asked = [tensor for tensor in tensors if fed[tensor.name] is None]
        if sum(map(self._width, asked)) > MAX_ASKED:
            self._most = 1
        names = Names()
        if (text := text_question(tensors, self._hints)) is not None:
            entry, filled, note = text
            self.entries.append({**entry, "name": names.give(entry["name"])})
            self.notes.append(note)
            asked = [tensor for tensor in asked if tensor not in filled]
        for tensor in asked:
            self.entries += [{**entry, "name": names.give(entry["name"])} for entry in self._questions(tensor)]
        if not self.entries:
            problem = "nothing that the graph takes is a customer's to answer"
            raise ModelBroken(problem=problem, fix="Describe its inputs by hand")
        self._check_hints()
        if len(self.entries) > MAX_ASKED:
            problem = f"the graph asks {len(self.entries)} values, and at most {MAX_ASKED} can be asked"
            raise ModelBroken(problem=problem, fix="Export it with fewer columns, or with all of them in one input")

    def _check_hints(self) -> None:
        """Say which hints nothing here takes. Raises ModelBroken where features are too many or too few."""
        if self._hints.features and not self._named:
            self.entries = self._each_named(self._hints.features)
        if any(entry["type"] in {"image", "images"} for entry in self.entries):
            return
        for option in (key for key in ("range", "mean", "std") if getattr(self._hints, key) is not None):
            self.notes.append(Note(tensor=f"--{option}", what="of no use here", why="no picture goes in"))

    def _each_named(self, features: Sequence[Label]) -> list[Entry]:
        """Where no input alone has as many columns as there are names: one for each question."""
        if len(features) != len(self.entries):
            problem = f"{len(features)} names of questions are given, and the model asks {len(self.entries)}"
            raise ModelBroken(problem=problem, fix="Name as many, in the order of the columns")
        return [
            {**_unremarked(entry, "label"), "label": readable_of(name)}
            for entry, name in zip(self.entries, features, strict=True)
        ]

    def _width(self, tensor: GraphTensor) -> int:
        """How many single questions it would take."""
        count = math.prod(side or 1 for side in self._inner(tensor))
        return count if count <= self._most else 1

    def _note(self, tensor: GraphTensor, what: str, why: str, *, guessed: bool = False) -> None:
        self.notes.append(Note(tensor=tensor.name, what=what, why=why, guessed=guessed))

    def _constant(self, tensor: GraphTensor, *, alone: bool) -> Entry | None:
        """What is not the customer's to answer: a state that comes out again, a sample rate, a threshold. `alone`: all
        that goes in are lone values, which may be questions."""
        shape = tensor.shape or ()
        twin = _twin(self._graph, tensor.name)
        if twin is not None and shape and tensor.dtype != "string":
            self.kept.append(twin)
            self._note(tensor, "a state, fed with zeros", f"it comes out again as {twin}", guessed=True)
            entry = {"tensor": tensor.name, "dtype": tensor.dtype, "shape": [side or 1 for side in shape], "value": 0}
            return remarked(entry, "value", f"guessed: a state, it comes out again as {twin}")
        known = next(((what, number) for name, what, number in SETTINGS if name.search(tensor.name)), None)
        if tensor.dtype == "string" or (alone and (known is None or known[0] != RATE)):
            return None
        if shape not in ((), (1,)) or (known is None and shape):
            return None
        if twin is not None:
            self.kept.append(twin)
        what, value = known or ("a setting of the model", 0 if tensor.dtype == "bool" else 1)
        number: float | bool = bool(value) if tensor.dtype == "bool" else value
        number = int(value) if tensor.dtype.startswith(("int", "uint")) else number
        why = "its name" if known else "a lone value beside others; nothing tells which is right"
        self._note(tensor, f"{what}, fed with {json.dumps(number)}", why, guessed=True)
        entry = {"tensor": tensor.name, "dtype": tensor.dtype, "shape": list(shape), "value": number}
        return remarked(entry, "value", "guessed: write the one that the model was made for")

    def _questions(self, tensor: GraphTensor) -> list[Entry]:
        spec: Entry = {"name": tensor.name}
        if tensor.dtype != "float32":
            spec["dtype"] = tensor.dtype
        base: Entry = {"name": tensor.name, "label": readable(tensor.name), "tensor": spec}
        inner = self._inner(tensor)
        picture = None if tensor.dtype == "string" else guess_picture(self._graph, tensor, inner, self._hints)
        self._refuse(tensor, inner, whole=picture is not None and len(inner) == len(tensor.shape or ()))
        if tensor.dtype == "string":
            return self._cells(tensor, base, math.prod(side or 1 for side in inner))
        if (several := guess_pictures(self._graph, tensor, inner, self._hints)) is not None:
            self.notes.append(several.note)
            return [{**base, "type": "images", **several.entry, "tensor": {**spec, "layout": several.layout}}]
        if picture is not None:
            self.notes.append(picture.note)
            return [{**base, "type": "image", **picture.entry, "tensor": {**spec, "layout": picture.layout}}]
        known = [side for side in inner if side is not None]
        size = math.prod(known)
        if len(known) == len(inner) and size <= self._most:
            return self._cells(tensor, base, size)
        if len([side for side in inner if side != 1]) == 1:
            return [self._series(tensor, base, inner, size if len(known) == len(inner) else None)]
        if len(inner) == 2 and 2 <= (inner[1] or 0) <= MAX_COLUMNS and size * (inner[0] is not None) <= MAX_SERIES:
            return [self._table(tensor, base, inner[0], inner[1] or 0)]
        raise self._cannot(tensor, inner)

    def _inner(self, tensor: GraphTensor) -> Shape:
        """The shape of one row: without the batch, where there is one."""
        shape, sides = tensor.shape, self._sides.get(tensor.name, [])
        if shape is None or not shape:
            return ()
        lone = len(shape) == 1 and shape[0] is None and isinstance(sides[0], str) and _VARYING.search(sides[0])
        inner = shape if lone or shape[0] not in {None, 1} else shape[1:]
        if inner == (None,) and tensor.dtype != "string" and tensor.name in self._columns.widths:
            inner = (self._columns.widths[tensor.name],)
        return inner

    def _refuse(self, tensor: GraphTensor, inner: Shape, *, whole: bool) -> None:
        """Raises ModelBroken for what no question can stand for, by name. `whole`: its first side is a picture's."""
        shape = shown(tensor.shape)
        if 0 in (tensor.shape or ()):
            raise ModelBroken(
                problem=f'the graph\'s input "{tensor.name}" of shape {shape} takes nothing',
                fix="Export it with columns",
            )
        integers = tensor.dtype in {"int64", "int32"}
        if integers and (_TOKENS.search(tensor.name) or (None in inner and self._is_looked_up(tensor.name))):
            problem = (
                f'the graph\'s input "{tensor.name}" takes the numbers of tokens: this model reads tokens, not text'
            )
            fix = "Say --tokenizer tokenizer.json, the file that came with it; or export it with its tokenizer inside"
            raise ModelBroken(problem=problem, fix=fix)
        batch = tensor.shape[0] if tensor.shape and len(tensor.shape) > 1 else None
        outputs = [dimensions(output) for output in self._graph.outputs]
        kept = all(sides and sides[0] == batch for sides in outputs)
        if batch is not None and batch > 1 and not whole and (kept or len(tensor.shape or ()) == 4):
            problem = f'the batch of the graph\'s input "{tensor.name}" is fixed at {batch}'
            raise ModelBroken(problem=problem, fix="Export it with a free batch, or with a batch of 1")

    def _is_looked_up(self, name: str) -> bool:
        """Whether the values are positions in a table of weights, as an embedding's are."""
        return any(
            node.op_type == "Gather" and name != node.input[0] and self._graph.shape_of(node.input[0]) is not None
            for node in self._graph.readers(name)
        )

    def _cannot(self, tensor: GraphTensor, inner: Shape) -> ModelBroken:
        if len(inner) == 2:
            what = f"{inner[0] or 'any number of'} steps of {inner[1] or 'any number of'} values each"
        else:
            what = f"values of shape {shown(tensor.shape)}"
        problem = f'the graph\'s input "{tensor.name}" takes {what}: neither numbers, nor one series, nor a picture'
        return ModelBroken(problem=problem, fix="Export it with an input that a person can give")

    def _series(self, tensor: GraphTensor, base: Entry, inner: Shape, size: int | None) -> Entry:
        if size is not None and size > MAX_SERIES:
            problem = f'the graph\'s input "{tensor.name}" takes {size} values, and at most {MAX_SERIES} can be sent'
            raise ModelBroken(problem=problem, fix="Export it with a shorter input")
        length = {"min_length": size, "max_length": size} if size is not None else {}
        column = {"layout": "column"} if len(inner) == 2 and inner[1] == 1 else {}
        many = f"{size} values, too many for single questions" if size else "a side that may have any length"
        self._note(tensor, "a series of numbers, sent together", many)
        return {**base, "type": "series", **length, "tensor": {**base["tensor"], **column}}

    def _table(self, tensor: GraphTensor, base: Entry, rows: int | None, columns: int) -> Entry:
        """Lines of columns, sent together."""
        told = self._hints.features or self._features(columns)
        named = len(told) == columns
        self._named = self._named or named
        labels = [readable_of(name) for name in told] if named else [f"{base['label']} {i + 1}" for i in range(columns)]
        names = Names()
        listed = [{"name": names.give(english(label)), "label": label} for label in labels]
        length = {} if rows is None else {"min_rows": rows, "max_rows": rows}
        entry = {**base, "type": "table", "columns": listed, **length}
        what = f"a table of {columns} columns" + (f" and {rows} lines" if rows else "")
        if named:
            self._note(tensor, what, "its shape")
            return entry
        why = "its shape; nothing names its columns"
        self.notes.append(Note(tensor=tensor.name, what=what, why=why, guessed=True, options="--features"))
        return remarked(entry, "columns", "guessed: nothing names these columns; see --features")

    def _cells(self, tensor: GraphTensor, base: Entry, count: int) -> list[Entry]:
        told = self._hints.features or self._features(count)
        label = base["label"]
        lone = [label] if count == 1 else [f"{label} {i + 1}" for i in range(count)]
        named = count > 1 and len(told) == count
        self._named = self._named or named
        labels: Sequence[Label] = [readable_of(name) for name in told] if named else lone
        cells = [
            {**base, "name": english(label), "label": label, **self._cell(tensor, i, base)}
            for i, label in enumerate(labels)
        ]
        counted = Counter(WORDS[cell["type"]] for cell in cells)
        if count == 1:
            self._note(tensor, f"one question, answered by {next(iter(counted))}", "a single value")
            return cells
        kinds = ", ".join(kind if len(counted) == 1 else f"{kind} ({number})" for kind, number in counted.items())
        what = f"{count} questions, one for each column, answered by {kinds}"
        if named:
            self._note(tensor, what, "--features names them" if self._hints.features else "the file names them")
            return cells
        self.notes.append(
            Note(tensor=tensor.name, what=what, why="nothing names them", guessed=True, options="--features")
        )
        return [remarked(cell, "label", "guessed: nothing names this column; see --features") for cell in cells]

    def _features(self, count: int) -> tuple[str, ...]:
        found = listed_features(self._graph.metadata)
        return found if len(found) == count else ()

    def _cell(self, tensor: GraphTensor, column: int, base: Entry) -> Entry:
        """What is asked for a column: a choice where the model encodes categories, an example where it knows a mean."""
        key = (tensor.name, column)
        categories, centre = self._columns.categories.get(key, ()), self._columns.centres.get(key)
        if categories and len(categories) <= MAX_OPTIONS and len(set(categories)) == len(categories):
            labels = [each["label"] for each in numbered(categories)]
            texts = [{"value": value, "label": label} for value, label in zip(categories, labels, strict=True)]
            if tensor.dtype == "string":
                return {"type": "choice", "tensor": {**base["tensor"], "encode": "value"}, "options": texts}
            return {"type": "choice", "options": [{**t, "number": float(str(t["value"]))} for t in texts]}
        if len(categories) > MAX_OPTIONS:
            self._note(tensor, "a text", f"{len(categories)} categories are too many for buttons")
        kind = TYPES.get(tensor.dtype, "number")
        if kind != "number" or centre is None or not math.isfinite(centre):
            return {"type": kind}
        return {"type": kind, "example": float(f"{centre:.3g}")}


def _twin(graph: Graph, name: str) -> str | None:
    """The output that is this input's next state."""
    stem = re.sub("(_?(in|prev|0))$", "", name)
    wanted = {
        f"{name}N",
        f"{stem}N",
        f"{name}_out",
        f"{stem}_out",
        f"{stem}_n",
        f"{stem}n",
        f"new_{name}",
        f"next_{name}",
    }
    return next((output.name for output in graph.outputs if output.name in wanted and output.name != name), None)


def shown(shape: Shape | None) -> str:
    return "[" + ", ".join("N" if side is None else str(side) for side in shape or ()) + "]"


def _unremarked(entry: Entry, key: str) -> Entry:
    return {**entry, REMARKS: {k: remark for k, remark in entry.get(REMARKS, {}).items() if k != key}}


def readable_of(name: Label) -> Label:
    return readable(name) if isinstance(name, str) else {language: readable(text) for language, text in name.items()}


def readable(name: str) -> str:
    """A name as a label: its words, what can be stored of them, and not all of a long one."""
    words = re.sub(r"[_\s]+", " ", cleaned(name)).strip()[:MAX_LABEL].strip()
    return words[:1].upper() + words[1:] if is_visible(words) else "Value"
