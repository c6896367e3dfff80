"""Boxes and masks of a batch → answers with the photo that they are drawn over."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.inference.boxes import Boxes, candidates, chosen
from services.inference.drawing import packed_image
from services.inference.errors import BadOutput
from services.inference.masks import Indexes, index_mask, planes_of, share_mask
from services.inference.overlays import DrawnBox, cut_out, draw_boxes, paint
from services.inference.palette import COLOURS, REST, SIGNED, ranked_shares
from services.inference.tensors import Json, Row
from services.manifests.inputs import Input
from services.manifests.overlays import BoxesOutput, MaskOutput, Overlay
from services.values.framing import Frame
from services.values.images import open_picture

PRECISION = 5  # decimals of places, scores and shares that are kept


class Pictured(NamedTuple):
    """An answer and the file of its picture, where there is something to draw."""

    answer: Json
    picture: bytes | None


class Photo(NamedTuple):
    """Of one row: `place` is the row's in its batch, `frame` where the photo lay for the graph."""

    place: int
    picture: Image.Image
    frame: Frame
    language: str


Look: TypeAlias = Callable[[Photo], Pictured]


class OverlayReader:
    """Of one output, for a loaded graph."""

    def __init__(self, output: Overlay, inputs: Sequence[Input]) -> None:
        self._output, self._field = output, output.photo_of(inputs)

    def column(
        self, tensors: Mapping[str, Any], rows: Sequence[Row], frames: Sequence[Mapping[str, Frame]]
    ) -> list[Pictured | BadOutput]:
        """Any: arrays. Raises BadOutput and what numpy raises where tensors are of other shapes."""
        name, look = self._field.name, _look(self._output, tensors, len(rows))
        answers: list[Pictured | BadOutput] = []
        for place, (row, frame) in enumerate(zip(rows, frames, strict=True)):
            picture = open_picture(row.files[name], self._field.prepare)
            try:
                answers.append(look(Photo(place, picture, frame[name], row.language)))
            except BadOutput as error:
                answers.append(error)
        return answers


def _look(output: Overlay, tensors: Mapping[str, Any], rows: int) -> Look:  # Any: arrays
    match output:
        case BoxesOutput():
            found = candidates(output, tensors, rows)
            return lambda photo: _boxed(output, chosen(output, found, photo.place, photo.frame), photo)
        case MaskOutput(holds="share"):
            planes = planes_of(output, tensors[output.tensor], rows)
            return lambda photo: _shared(output, share_mask(output, planes[photo.place], photo.frame), photo.picture)
        case MaskOutput():
            planes = planes_of(output, tensors[output.tensor], rows)
            return lambda photo: _indexed(output, index_mask(output, planes[photo.place], photo.frame), photo.picture)
    raise TypeError(output)


def _boxed(output: BoxesOutput, found: Boxes, photo: Photo) -> Pictured:
    """Places are parts of the photo's width and height: left, top, right, bottom. Raises BadOutput."""
    marks, boxes = [], []
    for place, score, kind in zip(found.places.tolist(), found.scores.tolist(), found.kinds.tolist(), strict=True):
        box: dict[str, Json] = {"box": [round(part, PRECISION) for part in place], "score": round(score, PRECISION)}
        label = ""
        if output.classes:
            if not 0 <= kind < len(output.classes):
                problem = f"the class {kind} is none of the {len(output.classes)} of {output.name}"
                raise BadOutput(problem=problem, fix="Name as many classes as it tells apart")
            value = output.classes[kind].value
            box["class"], label = value, f"{output.label_of(value, photo.language)} "
        boxes.append(box)
        left, top, right, bottom = place
        marks.append(DrawnBox(box=(left, top, right, bottom), text=f"{label}{score:.0%}", colour=kind))
    answer: dict[str, Json] = {"found": len(boxes), "boxes": list(boxes)}
    return Pictured(answer, draw_boxes(photo.picture, marks) if marks else None)


def _shared(output: MaskOutput, shares: NDArray[np.float32], photo: Image.Image) -> Pictured:
    where = shares >= output.threshold
    answer: dict[str, Json] = {"share": round(float(where.mean()), PRECISION)}
    if not where.any():
        return Pictured(answer, None)
    return Pictured(answer, cut_out(photo, shares) if output.cutout else packed_image(paint(photo, where, COLOURS[0])))


def _indexed(output: MaskOutput, indexes: Indexes, photo: Image.Image) -> Pictured:
    """The largest class has the first colour: a legend in words can name it."""
    counts = np.bincount(indexes[indexes >= 0].ravel(), minlength=len(output.classes)) / indexes.size
    shares = {
        each.value: round(float(share), PRECISION) for each, share in zip(output.classes, counts, strict=True) if share
    }
    answer: dict[str, Json] = {"shares": dict(shares)}
    painted = ranked_shares(shares, background=output.background)
    if not painted:
        return Pictured(answer, None)
    places = {each.value: place for place, each in enumerate(output.classes)}
    if output.cutout:
        kept = np.isin(indexes, [places[value] for value, _ in painted])
        return Pictured(answer, cut_out(photo, kept.astype(np.float32)))
    for rank, (value, _) in enumerate(painted):
        photo = paint(photo, indexes == places[value], COLOURS[rank] if rank < SIGNED else REST)
    return Pictured(answer, packed_image(photo))
