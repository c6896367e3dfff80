"""Networks that paint. Each takes a small picture `[3, H, W]` of 0 to 1 and what else it was given, and gives one of
the same size."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import ModelBroken
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import graph_tensors, run_session
from services.inference.runtimes.style_transfer.sizes import Size, small_size
from services.inference.tensors import GraphTensor

Pixels: TypeAlias = NDArray[np.float32]
Given: TypeAlias = Mapping[str, NDArray[Any]]  # Any: element types differ
Session: TypeAlias = Any  # onnxruntime ships no types

PHOTO, STYLE, SECOND, MIX, OWN, STRENGTH = "photo", "style", "second", "mix", "style_photo", "strength"
ONE: Final = (1,)


class Network(Protocol):
    @property
    def tensors(self) -> Sequence[GraphTensor]:
        """What it takes beside the photo and the strength."""

    @property
    def required(self) -> Sequence[str]:
        """Those that have to be given."""

    def size_for(self, photo: Size) -> Size:
        """Width and height of the picture that it takes for a photo of this size."""

    def paint(self, picture: Pixels, given: Given, limit: Limit, *, keep: bool) -> Pixels:
        """`keep`: the memory is for the next one, which is about to begin. Raises RunTimeout, RunFailed."""


class Styles:
    """A network that knows some styles; two of them are mixed by their shares. Graph: a picture `[1, 3, H, W]` and a
    share for each style `[styles]`, or with a 1 in front."""

    required = (STYLE,)

    def __init__(self, session: Session, points: int) -> None:
        self._session, self._points = session, points
        inputs = graph_tensors(session.get_inputs())
        if len(inputs) != 2 or not inputs[1].shape or inputs[1].shape[-1] is None:
            raise ModelBroken(problem="the file is no network of styles: it takes no picture and shares", fix=_FIX)
        self._picture, self._shares = inputs
        count = inputs[1].shape[-1]
        self.tensors = (floats(STYLE, (count,)), floats(SECOND, (count,)), floats(MIX, ONE))
        self._output = graph_tensors(session.get_outputs())[0].name

    def size_for(self, photo: Size) -> Size:
        return small_size(photo, self._points)

    def paint(self, picture: Pixels, given: Given, limit: Limit, *, keep: bool) -> Pixels:
        second = float(given[MIX].ravel()[0]) if MIX in given and SECOND in given else 0.0
        shares = given[STYLE].ravel() * (1 - second)
        if second:
            shares = shares + given[SECOND].ravel() * second
        weights = shares.astype(np.float32).reshape([1] * (len(self._shares.shape or ()) - 1) + [-1])
        feeds = {self._picture.name: picture[np.newaxis], self._shares.name: weights}
        painted: Pixels = run_session(self._session, [self._output], feeds, limit, shared=keep)[self._output][0]
        return painted


class AnyPicture:
    """A network that takes its style from a picture: one graph looks at that, another paints. Both take pictures
    `[1, H, W, 3]` of fixed sides; what the first gives is the second's other input.
    Both give their memory back each time: the other network's is kept meanwhile."""

    required = (OWN,)

    def __init__(self, painter: Session, looker: Session) -> None:
        self._painter, self._looker = painter, looker
        content, self._vector = graph_tensors(painter.get_inputs())
        (look,) = graph_tensors(looker.get_inputs())
        self._content, self._look = content.name, look.name
        self._sides, style_sides = _sides(content), _sides(look)
        self.tensors = (floats(OWN, (3, style_sides[1], style_sides[0])),)
        self._painted = graph_tensors(painter.get_outputs())[0].name
        self._seen = graph_tensors(looker.get_outputs())[0].name

    def size_for(self, photo: Size) -> Size:
        return self._sides

    def paint(self, picture: Pixels, given: Given, limit: Limit, *, keep: bool) -> Pixels:
        style = given[OWN].reshape(1, 3, *given[OWN].shape[-2:]).transpose(0, 2, 3, 1)
        seen = run_session(self._looker, [self._seen], {self._look: style}, limit, shared=False)[self._seen]
        feeds = {self._content: picture.transpose(1, 2, 0)[np.newaxis], self._vector.name: seen}
        painted: Pixels = run_session(self._painter, [self._painted], feeds, limit, shared=False)[self._painted][0]
        return painted.transpose(2, 0, 1)


_FIX: Final = "Name the file of a network that paints; docs/manifest.md tells which there are"


def floats(name: str, shape: tuple[int | None, ...]) -> GraphTensor:
    """One row's; a lone value is `(1,)`."""
    return GraphTensor(name=name, dtype="float32", shape=(None, *shape))


def _sides(tensor: GraphTensor) -> Size:
    match tensor.shape:
        case (1, int(height), int(width), 3):
            return width, height
    raise ModelBroken(problem=f'"{tensor.name}" is no picture of fixed sides: {tensor.shape}', fix=_FIX)
