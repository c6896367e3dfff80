"""Tenths of probability, by which calibration is told."""

import math
from typing import Final

BINS: Final = 10


def bin_of(probability: float) -> int:
    return min(BINS - 1, math.floor(probability * BINS))
