"""How large a picture is for a graph, and where it lies on the sheet that the graph sees: arithmetic alone."""

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from services.manifests.preparation import Prepare, Side

Size: TypeAlias = tuple[int, int]

_EPSILON = 1e-6  # what a product of floats may be off a whole number


class Frame(NamedTuple):
    """Widths and heights in points. `sheet`: what the graph sees. `box`: left, top, right, bottom of the picture on it.
    `seen`: how large the picture is there, or would be if nothing had been stretched."""

    sheet: Size
    box: tuple[int, int, int, int]
    seen: tuple[float, float]


def framed(spec: "Prepare", picture: Size) -> Frame:
    """Free sides follow the picture's; one with two free sides is reduced to `longest`, and never enlarged."""
    limits = [spec.most if side == "free" else side for side in spec.size]
    scale = min(limit / side for limit, side in zip(limits, picture, strict=True))
    if spec.size == ("free", "free"):
        scale = min(scale, 1.0)
    seen = (picture[0] * scale, picture[1] * scale)
    sheet = (_side(spec, spec.size[0], seen[0]), _side(spec, spec.size[1], seen[1]))
    if spec.fit == "cover":
        return Frame(sheet, (0, 0, *sheet), sheet)
    if spec.fit == "stretch":
        return Frame(sheet, (0, 0, *sheet), seen)
    width, height = (max(1, round(side)) for side in seen)
    left, top = (sheet[0] - width) // 2, (sheet[1] - height) // 2
    return Frame(sheet, (left, top, left + width, top + height), seen)


def _side(spec: "Prepare", side: "Side", seen: float) -> int:
    """A free side is a multiple: the nearest one; the next one where bars fill it up; the last one where it is cut."""
    if side != "free":
        return side
    parts = seen / spec.step
    match spec.fit:
        case "letterbox":
            count = math.ceil(parts - _EPSILON)
        case "cover":
            count = math.floor(parts + _EPSILON)
        case _:
            count = math.floor(parts + 0.5)
    return max(1, count) * spec.step
