"""Sounds → arrays of samples, whole or window by window."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.inference.errors import ModelBroken, RunTimeout
from services.inference.tensors import Fit, GraphTensor, Row
from services.manifests.manifest import SoundInput
from services.values.sounds import samples_of

Arrays: TypeAlias = Mapping[str, NDArray[Any]]  # Any: element types differ between tensors
Compute: TypeAlias = Callable[[dict[str, Any], Sequence[str]], dict[str, Any]]
_LOUDEST = 32767


def sound_builder(field: SoundInput) -> Callable[[Sequence[Row]], NDArray[Any]]:
    """Of rows whose sounds are of one length, or are made so."""
    assert field.tensor is not None
    spec, length = field.tensor, field.length

    def build(rows: Sequence[Row]) -> NDArray[Any]:
        sounds = [samples_of(row.files[field.name]) for row in rows]
        if length is not None:
            sounds = [np.pad(sound[:length], (0, max(0, length - len(sound)))) for sound in sounds]
        stacked = np.stack(sounds)
        return _typed(stacked, spec.dtype).reshape(len(rows), *(side or -1 for side in spec.shaped(None)))

    return build


class Windows:
    """A sound that goes in piece by piece, each with what the graph remembers of those before."""

    def __init__(self, field: SoundInput, fit: Fit, inputs: Mapping[str, GraphTensor]) -> None:
        """Raises ModelBroken where the graph takes no such state."""
        assert field.tensor is not None
        self._field, self._spec, self._fit = field, field.tensor, fit
        if unknown := self._spec.states.keys() - inputs.keys():
            problem = f'the graph has no input "{min(unknown)}" for a state'
            raise ModelBroken(problem=problem, fix=f"Name one of: {', '.join(inputs)}")

    def run(self, row: Row, feeds: dict[str, Any], names: Sequence[str], compute: Compute, *, seconds: float) -> Arrays:
        """What is said of each window, one after another: `[1, windows × columns]`. The graph is fed with `feeds`
        besides. Raises RunTimeout."""
        spec, said = self._spec, dict[str, list[NDArray[Any]]]()
        wanted = [*names, *(name for name in spec.states.values() if name not in names)]
        until = time.monotonic() + seconds
        for piece in self._pieces(row):
            feeds[spec.name] = piece.reshape(self._fit.batch_shape(1, (1, *piece.shape)))
            given = compute(feeds, wanted)
            feeds |= {state: given[output] for state, output in spec.states.items()}
            for name in names:
                said.setdefault(name, []).append(np.asarray(given[name]).reshape(1, -1))
            if time.monotonic() > until:
                raise RunTimeout(seconds=seconds)
        return {name: np.concatenate(parts, axis=1) for name, parts in said.items()}

    def _pieces(self, row: Row) -> Sequence[NDArray[Any]]:
        """The last one is filled up with silence, which is also before the first."""
        size, context = self._spec.window or 1, self._spec.context
        sound = samples_of(row.files[self._field.name])
        sound = np.pad(sound, (context, -len(sound) % size))
        sound = _typed(sound, self._spec.dtype)
        return [sound[start : start + context + size] for start in range(0, len(sound) - context, size)]


def _typed(samples: NDArray[np.float32], dtype: str) -> NDArray[Any]:
    if dtype == "int16":
        return np.rint(samples * _LOUDEST).astype(np.int16)
    return samples.astype(dtype, copy=False)
