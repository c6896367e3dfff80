"""What a detector answered, as arrays → the boxes that are worth showing, best first."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import BadOutput
from services.manifests.overlays import BoxesOutput
from services.values.framing import Frame

Floats = NDArray[np.float32]
Kinds = NDArray[np.int64]
LIKELIEST: Final = 30_000  # candidates that are compared with each other
ROUNDING: Final = 1e-3  # that a score may be over one


class Boxes(NamedTuple):
    """`[n, 4]` left, top, right, bottom as parts of the photo's sides; `[n]` scores; `[n]` positions of classes."""

    places: Floats
    scores: Floats
    kinds: Kinds


class Candidates(NamedTuple):
    """Of several rows: `[N, K, 4]` as the graph gives them, `[N, K]` and `[N, K]`."""

    places: Floats
    scores: Floats
    kinds: Kinds


def candidates(output: BoxesOutput, tensors: Mapping[str, Any], rows: int) -> Candidates:
    """Raises BadOutput, or ValueError where the tensors are of other shapes than the manifest tells."""
    table = _table(tensors[output.tensor], rows, output.layout)
    columns = _columns(output, table.shape[2])
    places, kinds = table[:, :, columns["box"]], np.zeros(table.shape[:2], np.int64)
    scores: Floats = np.ones(table.shape[:2], np.float32)
    told = [table[:, :, columns[key]] for key in ("score", "scores") if key in columns]
    if output.score_tensor is not None:
        told.append(_beside(tensors[output.score_tensor], table, output.layout))
    if "objectness" in columns:
        told.append(table[:, :, columns["objectness"]])
    for each in (_sigmoid(part) for part in told) if output.logits else told:
        if each.shape[2] > 1:
            kinds = each.argmax(axis=2)
        scores = scores * (each.max(axis=2) if each.shape[2] else 0)
    if "class" in columns:
        kinds = _whole(table[:, :, columns["class"]][:, :, 0])
    if output.class_tensor is not None:
        kinds = _whole(np.asarray(tensors[output.class_tensor]).reshape(table.shape[:2]))
    return Candidates(places, scores, kinds)


def chosen(output: BoxesOutput, found: Candidates, row: int, frame: Frame) -> Boxes:
    """Those of one row that are sure enough, without those that lie over a surer one. Raises BadOutput."""
    scores = found.scores[row]
    if np.isnan(scores).any():
        raise BadOutput(problem="the answer is not a finite number")
    sure = np.flatnonzero(scores >= output.threshold)
    if sure.size and scores[sure].max() > 1 + ROUNDING:
        problem = f"a score of {output.name} is {scores[sure].max():.4g}"
        raise BadOutput(problem=problem, fix="Set logits = true where scores are raw; correct columns otherwise")
    ordered = sure[np.argsort(-scores[sure], kind="stable")][:LIKELIEST]
    corners, kinds = _corners(output, found.places[row][ordered]), found.kinds[row][ordered]
    if not np.isfinite(corners).all():
        raise BadOutput(problem="the answer is not a finite number")
    places = _on_photo(corners, output, frame)
    there = np.flatnonzero((places[:, 2] > places[:, 0]) & (places[:, 3] > places[:, 1]))
    if output.nms is not None:
        there = there[suppress(places[there], kinds[there], output.nms, output.most)]
    there = there[: output.most]
    return Boxes(places[there], np.minimum(scores[ordered][there], 1), kinds[there])


def suppress(places: Floats, kinds: Kinds, overlap: float, most: int) -> NDArray[np.int64]:
    """Positions of boxes, given best first, that share less than `overlap` with a better one of their kind: the common
    part by that of both together."""
    kept: list[int] = []
    areas = (places[:, 2] - places[:, 0]) * (places[:, 3] - places[:, 1])
    left = np.arange(len(places))
    while left.size and len(kept) < most:
        best, left = left[0], left[1:]
        kept.append(int(best))
        low, high = np.maximum(places[best, :2], places[left, :2]), np.minimum(places[best, 2:], places[left, 2:])
        common = np.prod(np.clip(high - low, 0, None), axis=1)
        alike = common > overlap * (areas[best] + areas[left] - common)
        left = left[~(alike & (kinds[left] == kinds[best]))]
    return np.array(kept, np.int64)


def _table(tensor: Any, rows: int, layout: str) -> Floats:  # Any: arrays of all types
    """`[N, K, columns]`; one row may come without its batch, and a box for each row without the side of candidates."""
    array = np.asarray(tensor, np.float32)
    if array.ndim == 2:
        array = array[np.newaxis] if rows == 1 else array[:, np.newaxis]
    array = array.reshape(rows, *array.shape[-2:])
    return array.transpose(0, 2, 1) if layout == "columns" else array


def _beside(tensor: Any, table: Floats, layout: str) -> Floats:  # Any: as above
    """Scores `[N, K, C]`."""
    array = np.asarray(tensor, np.float32)
    rows, count = table.shape[:2]
    if layout == "columns" and array.ndim > 2 and array.shape[-1] == count:
        return array.reshape(rows, -1, count).transpose(0, 2, 1)
    return array.reshape(rows, count, array.size // max(rows * count, 1))


def _columns(output: BoxesOutput, width: int) -> dict[str, slice]:
    """Which of each candidate's numbers is what; `scores` are as many as the others leave."""
    parts = output.parts
    known = sum(4 if part == "box" else part != "scores" for part in parts)
    rest = width - known
    if rest < 0 or (rest and "scores" not in parts):
        raise BadOutput(
            problem=f"{output.tensor} has {width} numbers for each box, columns of {output.name} tell {known}",
            fix='Correct columns, such as ["box", "score", "class"], or layout',
        )
    found: dict[str, slice] = {}
    first = 0
    for part in parts:
        size = {"box": 4, "scores": rest}.get(part, 1)
        found[part] = slice(first, first + size)
        first += size
    return found


def _corners(output: BoxesOutput, places: Floats) -> Floats:
    one, other = places[:, :2], places[:, 2:]
    match output.format:
        case "xywh":
            return np.hstack([one, one + other])
        case "cxcywh":
            return np.hstack([one - other / 2, one + other / 2])
        case "yxyx":
            return places[:, [1, 0, 3, 2]]
    return places


def _on_photo(corners: Floats, output: BoxesOutput, frame: Frame) -> Floats:
    """From points of the sheet to parts of the photo, cut at its edges."""
    points = corners.astype(np.float64).reshape(-1, 2, 2)
    if output.normalised:
        points = points * frame.sheet
    box, part = (np.array(each, np.float64).reshape(2, 2) for each in (frame.box, frame.part))
    seen = np.clip((points - box[0]) / (box[1] - box[0]), 0, 1)
    on_photo = (part[0] + seen * (part[1] - part[0])) / frame.picture
    return np.asarray(on_photo.reshape(-1, 4), np.float32)


def _whole(kinds: Any) -> Kinds:  # Any: numbers of any type
    numbers = np.asarray(kinds, np.float64)
    return np.where(np.isfinite(numbers), np.rint(numbers), -1).astype(np.int64)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(values / 2)), np.float32)
