"""Whether two answers of a model are the same for a person who reads them."""

import math
from typing import Any, Final

import numpy as np

NEAR: Final = 1e-4  # of a number; of numbers below one, absolute
TIE: Final = 1e-6  # scores nearer than that are equal: either label will do


def close(one: Any, other: Any) -> bool:  # Any: tensors, or JSON made of them
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=NEAR, abs_tol=NEAR) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, np.ndarray) and one.dtype.kind in "fiu":
        return bool(np.allclose(one, other, rtol=NEAR, atol=NEAR, equal_nan=True))
    return bool(np.all(one == other))
