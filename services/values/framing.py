"""How large a picture is for a graph, and where it lies on the sheet that the graph sees: arithmetic alone."""

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from services.manifests.preparation import Prepare, Side

Size: TypeAlias = tuple[int, int]
Box: TypeAlias = tuple[float, float, float, float]

_EPSILON = 1e-6  # what a product of floats may be off a whole number


class Frame(NamedTuple):
    """Widths and heights in points. `sheet`: what the graph sees. `box`: left, top, right, bottom of the picture on it.
    `seen`: how large the picture is there, or would be if nothing had been stretched. `part`: left, top, right, bottom
    of what is seen of the `picture`."""

    sheet: Size
    box: tuple[int, int, int, int]
    seen: tuple[float, float]
    picture: Size
    part: Box


def framed(spec: "Prepare", picture: Size) -> Frame:
    """Free sides follow the picture's; one with two free sides is reduced to `longest`, and never enlarged."""
    limits = [spec.most if side == "free" else side for side in spec.size]
    scale = min(limit / side for limit, side in zip(limits, picture, strict=True))
    if spec.size == ("free", "free"):
        scale = min(scale, 1.0)
    seen = (picture[0] * scale, picture[1] * scale)
    sheet = (_side(spec, spec.size[0], seen[0]), _side(spec, spec.size[1], seen[1]))
    if spec.fit == "cover":
        return Frame(sheet, (0, 0, *sheet), sheet, picture, _middle(spec, picture, sheet))
    whole = (0, 0, *picture)
    if spec.fit == "stretch":
        return Frame(sheet, (0, 0, *sheet), seen, picture, whole)
    width, height = (max(1, round(side)) for side in seen)
    left, top = (sheet[0] - width) // 2, (sheet[1] - height) // 2
    return Frame(sheet, (left, top, left + width, top + height), seen, picture, whole)


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


def _middle(spec: "Prepare", picture: Size, sheet: Size) -> Box:
    """The part that stays when the shorter side becomes `shorter`, or as long as just covers the sheet, and the middle
    is cut out. Only this part is scaled: of a narrow picture the whole would become a huge one."""
    shorter = min(picture)
    scale = max(new / side for new, side in zip(sheet, picture, strict=True))
    ends: list[tuple[float, float]] = []
    for new, side in zip(sheet, picture, strict=True):
        scaled = max(new, round(side * scale)) if spec.shorter is None else side * spec.shorter // shorter
        first = round((scaled - new) / 2)
        ends.append((first * side / scaled, min(side, (first + new) * side / scaled)))
    (left, right), (top, bottom) = ends
    return left, top, right, bottom
