"""Whether a graph's scores say what its labels say, over many rows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from services.inference.closeness import TIE
from services.inference.tensors import label_text

NEAR: Final = 1e-3  # of a sum to one
MOST: Final = 100_000  # scores a row: more are no classes


def scores_of(rows: Sequence[Mapping[str, Any]], tensor: str, keys: Sequence[str] | None = None) -> NDArray[np.float64]:
    """`[rows, columns]`; of a `seq(map)` the keys' values. Empty where rows are of different sizes, or
    hold more than any classes would."""
    listed = []
    for row in rows:
        value = row[tensor]
        if isinstance(value, list):
            if not value or not isinstance(value[0], dict):
                return np.empty((0, 0))
            named = {label_text(key): number for key, number in value[0].items()}
            listed.append([named.get(key, np.nan) for key in keys or named])
        elif np.size(value) > MOST:
            return np.empty((0, 0))
        else:
            listed.append(np.asarray(value, np.float64).ravel().tolist())
    if len({len(each) for each in listed}) != 1:
        return np.empty((0, 0))
    return np.array(listed, np.float64)


def labels_of(rows: Sequence[Mapping[str, Any]], tensor: str) -> list[str]:
    """The first label of each row."""
    return [next(iter(label_text(value) for value in np.asarray(row[tensor]).ravel().tolist()), "") for row in rows]


def agree(labels: Sequence[str], scores: NDArray[np.float64], classes: Sequence[str]) -> bool:
    """Whether on every row the label is that of the greatest score; a single column is the second class's."""
    if scores.shape != (len(labels), scores.shape[1]) or not len(labels):
        return False
    if scores.shape[1] == 1 and len(classes) == 2:
        scores = np.hstack([1 - scores, scores])
    if scores.shape[1] != len(classes):
        return False
    places = {label: place for place, label in enumerate(classes)}
    for label, row in zip(labels, scores, strict=True):
        place = places.get(label)
        if place is None or row[place] < row.max() - TIE:
            return False
    return True


def spoken_order(labels: Sequence[str], scores: NDArray[np.float64]) -> tuple[str, ...]:
    """What the columns are called, where on every row the same word goes with the same greatest score and each column
    was the greatest once; else nothing."""
    if len(labels) != len(scores) or scores.ndim != 2 or scores.shape[1] < 2 or not np.isfinite(scores).all():
        return ()
    words: dict[int, str] = {}
    for label, column in zip(labels, np.argmax(scores, axis=1).tolist(), strict=True):
        if words.setdefault(column, label) != label:
            return ()
    found = tuple(words[column] for column in sorted(words))
    return found if len(set(found)) == len(found) == scores.shape[1] else ()


def are_probabilities(scores: NDArray[np.float64]) -> bool:
    """Between 0 and 1, and of several columns summing to one, on every row of several."""
    if len(scores) < 2 or not scores.size or not np.isfinite(scores).all():
        return False
    within = scores.min() >= -TIE and scores.max() <= 1 + TIE
    return bool(within and (scores.shape[1] == 1 or np.abs(scores.sum(axis=1) - 1).max() < NEAR))
