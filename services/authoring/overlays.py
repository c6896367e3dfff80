"""Whether outputs of a graph are boxes or a mask over the photo that it looks at: by their names, the file's metadata,
and how many places a detector of that size looks at."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from services.authoring.classes import readable_classes
from services.authoring.hints import AuthorHints
from services.authoring.inputs import readable
from services.authoring.labels import listed_classes
from services.authoring.notes import Entry, Note, remarked
from services.authoring.trials import Trial
from services.inference.runtimes.onnx_graph import Graph
from services.inference.runtimes.onnx_labels import picked_of
from services.inference.tensors import GraphTensor
from services.manifests.labels import Class

STRIDES: Final = (8, 16, 32)  # of the grids that a YOLO looks at
MANY: Final = 300  # candidates: so many have not been thinned out by the graph
_HEAD: Final = r"(?:(?:det|pred|detection|output)_)?"
_BOXES: Final = re.compile(rf"{_HEAD}b?(?:ounding_)?boxes", re.IGNORECASE)
_SCORES: Final = re.compile(rf"{_HEAD}(?:scores|confidences?|logits)", re.IGNORECASE)
_KINDS: Final = re.compile(rf"{_HEAD}(?:labels|classes|class_ids|class_idx)", re.IGNORECASE)
_GREY: Final = [114, 114, 114]


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayGuess:
    """An answer, the outputs that it is made of, and what the photo's question is to say besides."""

    entry: Entry
    tensors: frozenset[str]
    note: Note
    prepare: Entry = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is known of a graph that looks at a photo; `size` of what it sees, width and height, where that is fixed."""

    graph: Graph
    trial: Trial
    hints: AuthorHints
    size: tuple[int, int] | None

    def shape(self, tensor: GraphTensor) -> tuple[int | None, ...]:
        value = None if self.trial.one is None else self.trial.one.get(tensor.name)
        known = tensor.shape or ()
        seen = np.shape(value) if isinstance(value, np.ndarray) else known
        return tuple(a if a is not None else b for a, b in zip(known, seen, strict=True)) if known else tuple(seen)

    def values(self, tensor: GraphTensor) -> np.ndarray[Any, Any]:
        rows = [row[tensor.name] for row in self.trial.rows[:8] if isinstance(row.get(tensor.name), np.ndarray)]
        return np.concatenate([np.ravel(row) for row in rows]) if rows else np.empty(0)


def guess_boxes(tensors: Sequence[GraphTensor], looked: Looked) -> OverlayGuess | None:
    return _by_names(tensors, looked) or next((each for t in tensors if (each := _yolo(t, looked)) is not None), None)


def guess_mask(tensor: GraphTensor, looked: Looked) -> OverlayGuess | None:
    """For each point scores of several classes, of other channels than pictures have, or the class's number."""
    shape, picked = looked.shape(tensor), picked_of(looked.graph, tensor.name)
    if picked and len(shape) == 3:
        shape = (shape[0], 1, *shape[1:])
    if len(shape) != 4 or looked.size is None or not all(isinstance(side, int) for side in shape[1:]):
        return None
    count, height, width = (int(side or 0) for side in shape[1:])
    across, down = looked.size[0] / width if width else 0, looked.size[1] / height if height else 0
    count = picked if picked and count == 1 else 0 if count in {1, 3, 4} else count
    if not 2 <= count <= 256 or across != down or not 1 <= across <= 32:
        return None
    classes, named = _classes(looked, count)
    holds = {"holds": "index" if picked else "scores", "classes": classes, "background": classes[0]["value"]}
    entry = _entry(tensor, "mask") | holds
    entry = remarked(entry, "background", "guessed: the first class is mostly what is around")
    if not named:
        entry = remarked(entry, "classes", "guessed: nothing in the file names them; see --labels")
    note = Note(
        tensor=tensor.name,
        what=f"a mask of {count} classes over the photo",
        why=f"it picks one of {count} for each point" if picked else f"it has {count} scores for each point",
        guessed=True,
        options="" if named else "--labels",
    )
    return OverlayGuess(entry=entry, tensors=frozenset({tensor.name}), note=note)


def _by_names(tensors: Sequence[GraphTensor], looked: Looked) -> OverlayGuess | None:
    """Boxes, their scores and perhaps their classes, as outputs of their own."""
    boxes = next((each for each in tensors if _BOXES.fullmatch(each.name)), None)
    scores = next((each for each in tensors if _SCORES.fullmatch(each.name)), None)
    if boxes is None or scores is None or (looked.shape(boxes) or (0,))[-1] != 4:
        return None
    kinds = next((each for each in tensors if _KINDS.fullmatch(each.name)), None)
    entry = _entry(boxes, "boxes") | {"score_tensor": scores.name}
    detr = boxes.name.startswith("pred_") and "logits" in scores.name
    if detr or "logits" in scores.name:
        entry["logits"] = True
    if boxes.name.startswith("detection_"):
        entry["format"] = "yxyx"
    elif detr:
        entry["format"] = "cxcywh"
    places = looked.values(boxes)
    if detr or "format" in entry or (places.size and np.abs(places).max() <= 1.5):
        entry["normalised"] = True
    many = next((side for side in looked.shape(boxes)[-2:-1] if side is not None), 0)
    if many > MANY and not detr:
        entry["nms"] = 0.45
    several = len(looked.shape(scores)) == len(looked.shape(boxes)) and (looked.shape(scores)[-1] or 0) > 1
    if kinds is not None:
        entry["class_tensor"] = kinds.name
    if kinds is not None or several:
        entry |= _named(looked, int(looked.shape(scores)[-1] or 0) if several else None)
    entry = remarked(entry, "type", "guessed: by the names of the outputs; check format and normalised")
    used = [each.name for each in (boxes, scores, kinds) if each is not None]
    why = f"the outputs {', '.join(used)} are called so"
    options = "--labels" if (kinds is not None or several) and "classes" not in entry else ""
    note = Note(tensor=boxes.name, what="boxes over the photo", why=why, guessed=True, options=options)
    return OverlayGuess(entry=entry, tensors=frozenset(used), note=note)


def _yolo(tensor: GraphTensor, looked: Looked) -> OverlayGuess | None:
    """One tensor with a candidate for each place of three grids; or a file that says it is such a detector."""
    shape, size = looked.shape(tensor), looked.size
    if len(shape) != 3 or size is None or not all(isinstance(side, int) for side in shape[1:]):
        return None
    if not tensor.dtype.startswith("float"):  # numbers of classes, one for each point
        return None
    one, other = int(shape[1] or 0), int(shape[2] or 0)
    places = sum(math.ceil(size[0] / stride) * math.ceil(size[1] / stride) for stride in STRIDES)
    entry = _entry(tensor, "boxes")
    if other == places and one > 4:
        count = one - 4
        entry |= {"layout": "columns", "format": "cxcywh", "columns": ["box", "scores"], "nms": 0.45}
    elif one in {places, 3 * places} and other > 5:
        count = other - 5
        entry |= {"format": "cxcywh", "columns": ["box", "objectness", "scores"], "nms": 0.45}
    elif other == 6 and looked.graph.metadata.get("task") == "detect":
        count = None
    else:
        return None
    told = looked.graph.metadata.get("task", "detect")
    if told != "detect":
        return None
    entry |= _named(looked, count)
    if "classes" not in entry and count is not None and count > 1:
        entry |= {"classes": _numbers(count)}
        entry = remarked(entry, "classes", "guessed: nothing in the file names them; see --labels")
    why = "the file says so" if "task" in looked.graph.metadata else f"it has {max(one, other)} candidates, as a YOLO"
    entry = remarked(entry, "type", f"guessed: {why}")
    options = "" if "labels" in entry or count == 1 or listed_classes(looked.graph.metadata) else "--labels"
    note = Note(tensor=tensor.name, what="boxes over the photo", why=why, guessed=True, options=options)
    prepare: Entry = {"fit": "letterbox", "fill": _GREY}
    return OverlayGuess(entry=entry, tensors=frozenset({tensor.name}), note=note, prepare=prepare)


def _entry(tensor: GraphTensor, kind: str) -> Entry:
    return {"name": tensor.name, "type": kind, "label": readable(tensor.name), "tensor": tensor.name}


def _named(looked: Looked, count: int | None) -> Mapping[str, list[Class]]:
    """Classes that a person or the file names; `count` of them where it is known."""
    told = list(looked.hints.labels) or readable_classes(listed_classes(looked.graph.metadata))
    return {"classes": told} if told and count in {None, len(told)} else {}


def _classes(looked: Looked, count: int) -> tuple[list[Class], bool]:
    named = _named(looked, count).get("classes")
    return (named, True) if named else (_numbers(count), False)


def _numbers(count: int) -> list[Class]:
    return [{"value": str(number), "label": str(number)} for number in range(count)]
