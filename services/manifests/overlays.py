"""Outputs that are drawn over the customer's photo: boxes round what was found, and masks."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from services.manifests.inputs import ImageInput, Input
from services.manifests.labelled import Labelled
from services.manifests.schema import Array, wrong

MOST_BOXES: Final = 300
Column: TypeAlias = Literal["box", "score", "class", "objectness", "scores", "skip"]


class Overlay(Labelled):
    """`photo`: the image input that it is drawn over; the only one where none is named."""

    photo: str | None = None

    def photo_of(self, inputs: Iterable[Input]) -> ImageInput:
        """Raises what pydantic shows."""
        pictures = [field for field in inputs if isinstance(field, ImageInput)]
        named = [field for field in pictures if self.photo in {None, field.name}]
        if len(named) != 1:
            problem = "there is no photo to draw over" if not pictures else "does not name one image input"
            fix = f"Name one of: {', '.join(field.name for field in pictures)}" if pictures else "Ask for a photo"
            raise wrong(problem, fix, "outputs", self.name, "photo")
        return named[0]

    def check_photo(self, inputs: Sequence[Input]) -> None:
        """The way back from the graph's points to the photo's is known."""
        field = self.photo_of(inputs)
        spec = field.prepare
        if spec.crop != "none" or spec.padding or spec.centre:
            problem = f"{field.name} is cropped, or has a border, before the graph sees it"
            fix = 'Use fit = "cover" or "letterbox" instead of crop, padding and centre'
            raise wrong(problem, fix, "outputs", self.name, "photo")


class BoxesOutput(Overlay):
    type: Literal["boxes"]
    format: Literal["xyxy", "xywh", "cxcywh", "yxyx"] = "xyxy"
    normalised: bool = False
    layout: Literal["rows", "columns"] = "rows"
    columns: Annotated[tuple[Column, ...], Array] | None = Field(default=None, min_length=1, max_length=32)
    score_tensor: str | None = Field(default=None, min_length=1)
    class_tensor: str | None = Field(default=None, min_length=1)
    logits: bool = False
    threshold: float = Field(default=0.25, ge=0, lt=1)
    nms: float | None = Field(default=None, gt=0, le=1)
    most: int = Field(default=100, ge=1, le=MOST_BOXES)

    @property
    def parts(self) -> tuple[Column, ...]:
        """What each candidate's numbers are."""
        if self.columns is not None:
            return self.columns
        return ("box",) if self.score_tensor is not None else ("box", "score", "class")

    @property
    def tensors(self) -> set[str]:
        return {name for name in (self.tensor, self.score_tensor, self.class_tensor) if name is not None}

    @model_validator(mode="after")
    def _readable(self) -> Self:
        parts = self.parts
        for part in ("box", "score", "class", "objectness", "scores"):
            if parts.count(part) > 1 or (part == "box" and part not in parts):
                raise wrong(f'has "{part}" {parts.count(part)} times', "Name it once", "columns")
        if self.score_tensor is None and not {"score", "scores", "objectness"} & set(parts):
            raise wrong("nothing tells how sure the model is", 'Add "score" to columns, or score_tensor', "columns")
        if sum((self.class_tensor is not None, "class" in parts, "scores" in parts)) > 1:
            raise wrong("the class is told twice", "Keep one of the two", "columns")
        return self


class MaskOutput(Overlay):
    """`background`: the class that is not painted."""

    type: Literal["mask"]
    holds: Literal["share", "index", "scores"] = "share"
    layout: Literal["NCHW", "NHWC"] = "NCHW"
    logits: bool = False
    threshold: float = Field(default=0.5, gt=0, lt=1)
    background: str | None = None
    cutout: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        several = self.holds != "share"
        if several and not self.classes:
            raise wrong("of several classes has no labels", "Add classes, or labels", "classes")
        if not several and self.classes:
            raise wrong("is of one thing, which label names", 'Remove it, or write holds = "index"', "classes")
        if self.background is not None and self.background not in {each.value for each in self.classes}:
            raise wrong(f'there is no class "{self.background}"', "Use the value of a class", "background")
        if self.cutout and several and self.background is None:
            raise wrong("what is cut out is not said", "Name the background's class", "background")
        if self.logits and several:
            raise wrong("the greatest score wins in any case", "Remove it", "logits")
        return self
