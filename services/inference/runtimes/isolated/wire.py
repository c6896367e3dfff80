"""How tensors are written for another process: a header in JSON, and the numbers as they lie in memory. What comes
back from a stranger's model is believed in nothing: no pickles, and whatever is told is checked."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from services.manifests.characters import all_cleaned

_NUMBERS: Final = frozenset("biuf")  # numpy's kinds
_ALIGNED: Final = 64
_UNCLEAN: Final = re.compile(rb"\\u(?:0000|d[89a-f])").search  # zero, or a half of a pair: no database keeps them

Json = dict[str, Any]  # Any: that is what JSON holds
Tensors = Mapping[str, Any]  # Any: as below
"""Arrays by name, or lists of maps, which scikit-learn's graphs give."""


class Garbled(Exception):
    """What was read makes no sense."""


class PackedArrays:
    """Arrays that go one behind the other into `size` bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._arrays = list[tuple[int, Any]]()

    def add(self, array: Any) -> int:  # Any: an array
        """Where it will lie."""
        at = self.size
        self._arrays.append((at, array))
        self.size += -(-array.nbytes // _ALIGNED) * _ALIGNED
        return at

    def write(self, room: memoryview | bytearray) -> None:
        for at, array in self._arrays:
            if array.nbytes:
                target = np.frombuffer(room, array.dtype, array.size, at).reshape(array.shape)
                np.copyto(target, array)


def pack(told: Json, tensors: Tensors) -> tuple[bytes, PackedArrays]:
    """The header, and what it refers to. Texts and maps stand in the header."""
    described, numbers = Json(), PackedArrays()
    for name, value in tensors.items():
        if not isinstance(value, np.ndarray):
            described[name] = {"maps": [list(each.items()) for each in value]}
        elif value.dtype.kind in _NUMBERS:
            described[name] = {"dtype": value.dtype.str, "shape": value.shape, "at": numbers.add(value)}
        else:
            texts = [_text(each) for each in value.reshape(-1).tolist()]
            described[name] = {"texts": texts, "shape": value.shape}
    return json.dumps({**told, "tensors": described}).encode(), numbers


def unpack(header: bytes, numbers: memoryview | bytes) -> tuple[Json, Tensors]:
    """What was told, and the tensors, each a copy. Raises Garbled."""
    try:
        told = json.loads(header)
        if _UNCLEAN(header):
            told = all_cleaned(told)
        return told, {str(name): _tensor(each, numbers) for name, each in told.pop("tensors").items()}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Garbled(f"{type(error).__name__}: {error}") from None


def _tensor(told: Json, numbers: memoryview | bytes) -> Any:  # Any: as above
    if "maps" in told:
        return [{key: float(value) for key, value in each} for each in told["maps"]]
    shape = tuple(int(side) for side in told["shape"])
    if any(side < 0 for side in shape):
        raise Garbled(f"shape {shape}")
    if "texts" in told:
        return np.array([str(each) for each in told["texts"]], dtype=object).reshape(shape)
    dtype, begin, count = np.dtype(told["dtype"]), int(told["at"]), math.prod(shape)
    if dtype.kind not in _NUMBERS or begin < 0 or begin + count * dtype.itemsize > len(numbers):
        raise Garbled(f"{dtype} {shape} at {begin} of {len(numbers)} bytes")
    return np.frombuffer(numbers, dtype, count, begin).reshape(shape).copy()


def _text(value: Any) -> str:  # Any: an element of a tensor
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
