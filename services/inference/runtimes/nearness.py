"""How near several vectors of one answer are to each other, such as those of two photos."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import BadOutput
from services.manifests.outputs import Summed

LEAST: int = 2  # vectors
_NOTHING = 1e-12  # the length of a vector that says nothing


def is_nearness(output: Summed) -> bool:
    return output.over in {"cosine", "distance"}


def nearness(output: Summed, tensor: Any, rows: int) -> NDArray[np.float64]:  # Any: a tensor
    """For each row of `[rows, vectors, sides]` the mean over all pairs: the cosine of their angle, or their distance.
    Raises BadOutput where there is no pair."""
    vectors = np.asarray(tensor, np.float64)
    vectors = vectors.reshape(rows, -1, vectors.shape[-1] if vectors.ndim else 1)
    count = vectors.shape[1]
    if count < LEAST:
        problem = f"{output.name} of shape {list(np.shape(tensor))} has no two vectors to compare"
        raise BadOutput(problem=problem, fix="Name a tensor with a vector for each picture")
    one, other = np.triu_indices(count, 1)
    if output.over == "cosine":
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), _NOTHING)
        return np.asarray((vectors[:, one] * vectors[:, other]).sum(axis=2).mean(axis=1))
    return np.asarray(np.linalg.norm(vectors[:, one] - vectors[:, other], axis=2).mean(axis=1))
