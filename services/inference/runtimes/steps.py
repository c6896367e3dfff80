"""What is said of each step of a sound or a text, in one number or in spans of time."""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import BadOutput
from services.manifests.outputs import Summed, TextOutput
from services.values.sounds import clock_time

MOST_SPANS = 200


def summed(output: Summed, steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[rows]` of `[rows, steps]`."""
    match output.over:
        case "max":
            return np.asarray(steps.max(axis=1))
        case "min":
            return np.asarray(steps.min(axis=1))
        case "share":
            return np.asarray((steps >= output.threshold).mean(axis=1))
    return np.asarray(steps.mean(axis=1))


def spans_in_words(output: TextOutput, tensor: Any, rows: int) -> list[str | BadOutput]:  # Any: a tensor
    """When each row's steps reach the threshold: `0:01–0:04, 1:10–1:12`; empty where they never do."""
    steps = np.asarray(tensor, np.float64).reshape(rows, -1)
    return [
        ", ".join(f"{clock_time(begin)}–{clock_time(end)}" for begin, end in _spans(output, row))
        if np.isfinite(row).all()
        else BadOutput(problem="the answer is not a finite number")
        for row in steps
    ]


def _spans(output: TextOutput, row: NDArray[np.float64]) -> list[tuple[float, float]]:
    """In seconds. Those that are hardly apart are one, and short ones none."""
    found: list[tuple[float, float]] = []
    step, place = output.step or 1.0, 0
    for over, group in itertools.groupby((row >= output.threshold).tolist()):
        size = len(list(group))
        if over:
            begin, end = place * step, (place + size) * step
            if found and begin - found[-1][1] < output.gap:
                begin = found.pop()[0]
            found.append((begin, end))
        place += size
    return [span for span in found if span[1] - span[0] >= output.shortest][:MOST_SPANS]
