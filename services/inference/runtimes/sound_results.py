"""Samples that a graph gives, as a sound."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import BadOutput
from services.inference.runtimes.tensor_overlays import Pictured
from services.manifests.inputs import MAX_SAMPLES
from services.manifests.outputs import SoundOutput
from services.values.sounds import wav_of

_LOUDEST = 32_767


def played(output: SoundOutput, samples: NDArray[Any]) -> Pictured | BadOutput:  # Any: floats, or whole numbers
    """Its seconds and its file; what is louder than can be is cut off."""
    if not 0 < samples.size <= MAX_SAMPLES:
        return BadOutput(problem=f"{output.name} has {samples.size} samples, 1 to {MAX_SAMPLES} can be played")
    if samples.dtype.kind == "f":
        if not np.isfinite(samples).all():
            return BadOutput(problem="the answer is not a finite number")
        samples = np.rint(samples.astype(np.float32).clip(-1, 1) * _LOUDEST)
    whole = samples.clip(-_LOUDEST - 1, _LOUDEST).astype("<i2")
    return Pictured(round(samples.size / output.rate, 3), wav_of(whole.tobytes(), output.rate))
