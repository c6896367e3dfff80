"""What a graph reads step by step, with a blank between characters (CTC), as text."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import BadOutput
from services.manifests.outputs import TextOutput


def read_off(output: TextOutput, tensor: Any, rows: int) -> list[tuple[str, float] | BadOutput]:  # Any: a tensor
    """For each row of `[rows, steps, columns]` the text of the likeliest characters, those that repeat once, and how
    sure they are: the mean of their probabilities, 0 where nothing is read. Raises BadOutput."""
    scores = np.asarray(tensor, np.float32)
    if rows == 1 and scores.ndim == 2:
        scores = scores[np.newaxis]
    columns = len(output.alphabet) + 1
    if scores.ndim != 3 or scores.shape[2] != columns:
        problem = f"{output.name} of shape {scores.shape} for {len(output.alphabet)} characters and a blank"
        raise BadOutput(problem=problem, fix=f"The last side must be {columns}; see characters and layout")
    blank = output.blank % columns
    names = [*output.alphabet[:blank], "", *output.alphabet[blank:]]
    return [_text(row, names, blank, softmax=output.logits) for row in scores]


def _text(row: NDArray[np.float32], names: list[str], blank: int, *, softmax: bool) -> tuple[str, float] | BadOutput:
    if not np.isfinite(row).all():
        return BadOutput(problem="the answer is not a finite number")
    likeliest = row.argmax(axis=1)
    kept = likeliest != blank
    kept[1:] &= likeliest[1:] != likeliest[:-1]
    sure = row[kept].max(axis=1)
    if softmax:
        sure = 1 / np.exp(row[kept] - sure[:, np.newaxis]).sum(axis=1)
    text = "".join(names[place] for place in likeliest[kept])
    return text, float(sure.mean()) if len(sure) else 0.0
