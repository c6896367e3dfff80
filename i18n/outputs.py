"""Numbers, shares and classes of a model's answer in words. Results may be older than today's manifest."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from i18n.translator import Translator
from services.manifests.manifest import ClassesOutput, SeriesOutput

SMALL: Final = 0.1  # numbers under that need more than two decimals
MOST_DECIMALS: Final = 12
Answer = Any  # JSON of a result: a number, a text, a list, the dict of classes


def percent(share: float, decimals: int, tr: Translator) -> str:
    """Neither nothing nor everything where it is not quite so: `<1 %`, `>99 %`."""
    step = 10.0**-decimals
    if 0 < share * 100 < step / 2:
        return f"<{tr.number(step, decimals)}\u00a0%"
    if 100 - step / 2 < share * 100 < 100:
        return f">{tr.number(100 - step, decimals)}\u00a0%"
    return f"{tr.number(share * 100, decimals)}\u00a0%"


def amount(value: float, decimals: int, unit: Any, tr: Translator) -> str:  # Any: a manifest's text or none
    number = tr.number(value, decimals).replace("-", "−")
    if set(number) <= set("−0.,"):
        number = number.removeprefix("−")
    return number if unit is None else f"{number}\u00a0{tr.pick(unit)}"


def ranked(
    output: ClassesOutput, answer: Mapping[str, Answer], tr: Translator, *, most: int
) -> list[tuple[str, float]]:
    """Labels with their probabilities, the likeliest first."""
    shares: Mapping[str, float] = answer.get("probabilities", {})
    ordered = sorted(shares.items(), key=lambda pair: (pair[0] != answer.get("value"), -pair[1]))[:most]
    return [(tr.label(output.label_of(value, tr.language)), share) for value, share in ordered]


def decimals_of(stated: int | None, values: Sequence[float]) -> int:
    """Where the manifest states none: none for whole numbers, else two, or as many as the largest of small numbers
    needs for three figures."""
    if stated is not None:
        return stated
    if all(isinstance(value, int) for value in values):
        return 0
    largest = max(map(abs, values), default=0.0)
    return 2 if largest >= SMALL or not largest else min(MOST_DECIMALS, 2 - math.floor(math.log10(largest)))


def series_decimals(output: SeriesOutput, values: Sequence[float]) -> int:
    """As the manifest states; else fewer for large numbers: a course of prices is not a table."""
    if output.decimals is not None:
        return output.decimals
    largest, decimals = max(map(abs, values)), decimals_of(output.decimals, values)
    return 0 if largest >= 1000 else min(decimals, 1) if largest >= 100 else decimals
