"""What a graph says of each token of a text, as one vector of the whole."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import BadOutput
from services.manifests.outputs import Pooled


def pooled(output: Pooled, tensor: Any, rows: int, mask: NDArray[Any] | None) -> NDArray[np.float64]:  # Any: a tensor
    """`[rows, D]` of `[rows, T, D]`, or of `[rows, D]` where nothing is to be pooled. `mask`: noughts where a text was
    filled up. Raises BadOutput."""
    vectors = np.asarray(tensor, np.float64)
    if rows == 1 and vectors.ndim == (1 if output.pooling is None else 2):
        vectors = vectors[np.newaxis]
    if output.pooling is not None:
        vectors = _over_tokens(output, vectors, mask)
    if output.normalise:
        length = np.linalg.norm(vectors, axis=-1, keepdims=True)
        vectors = vectors / np.maximum(length, np.finfo(np.float32).tiny)
    return vectors


def _over_tokens(output: Pooled, vectors: NDArray[np.float64], mask: NDArray[Any] | None) -> NDArray[np.float64]:
    if vectors.ndim != 3:
        raise BadOutput(problem=f"{output.name} of shape {vectors.shape} has no tokens to pool: [N, T, D] is wanted")
    if output.pooling == "cls":
        return np.asarray(vectors[:, 0])
    seen = np.ones(vectors.shape[:-1], bool) if mask is None else np.asarray(mask).reshape(len(vectors), -1) != 0
    if seen.shape != vectors.shape[:-1]:
        raise BadOutput(problem=f"{output.name} of shape {vectors.shape} has other tokens than the {seen.shape} sent")
    if output.pooling == "max":
        return np.asarray(np.where(seen[..., np.newaxis], vectors, -np.inf).max(axis=1))
    weights = seen.astype(np.float64)
    total = np.einsum("nt,ntd->nd", weights, vectors)
    return np.asarray(total / np.maximum(weights.sum(axis=1, keepdims=True), 1))
