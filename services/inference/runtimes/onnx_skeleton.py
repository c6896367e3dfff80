"""What an ONNX file is made of, without its weights: they are stepped over and never read into memory."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from services.inference.runtimes.onnx_messages import AttributeProto, ModelProto, TensorProto

SMALL_BYTES: Final = 65_536
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5  # protobuf's wire types
_DEEPEST: Final = 100  # as protobuf itself
_DATA: Final = ("raw_data", "float_data", "int32_data", "string_data", "int64_data", "double_data", "uint64_data")
_MANY: Final = frozenset({"floats", "ints", "strings"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """`model`: protobuf's ModelProto whose large tensors have dimensions and no data. `weights`: bytes stepped over."""

    model: Any
    weights: int


class Malformed(Exception):
    """These bytes are no protobuf."""


def read_skeleton(file: BinaryIO, *, keep: int = SMALL_BYTES) -> Skeleton:
    """Data of tensors of up to `keep` bytes stay. Raises Malformed, or protobuf's own errors; leaves the file at 0."""
    end = file.seek(0, 2)
    file.seek(0)
    walk = _Walk(file, keep)
    data = b"".join(walk.message(ModelProto.DESCRIPTOR, end, _DEEPEST))
    file.seek(0)
    return Skeleton(model=ModelProto.FromString(data), weights=walk.weights)


def is_left_out(tensor: Any) -> bool:  # Any: protobuf
    """Whether a tensor that has data has left it in its file."""
    return math.prod(tensor.dims) > 0 and not any(
        tensor.HasField(name) if name == "raw_data" else len(getattr(tensor, name)) for name in _DATA
    )


class _Walk:
    """Goes through the file field by field; what is small is taken as it is, whatever it means."""

    def __init__(self, file: BinaryIO, keep: int) -> None:
        self._file, self._keep = file, keep
        self.weights = 0

    def message(self, kind: Any, end: int, depth: int) -> Iterator[bytes]:  # Any: protobuf's descriptors
        """The pieces of a message of this kind that goes up to `end`."""
        while (begin := self._file.tell()) < end:
            key, after = self._varint(begin)
            length, after = self._length(key & 7, after)
            if after + length > end:
                raise Malformed
            field = kind.fields_by_number.get(key >> 3)
            if key & 7 != _LENGTH or length <= SMALL_BYTES or field is None or depth == 0:
                yield from self._taken(begin, after + length)
            elif field.message_type is not None:
                inner = list(self.message(field.message_type, after + length, depth - 1))
                yield _encoded(key) + _encoded(sum(map(len, inner)))
                yield from inner
            elif kind is TensorProto.DESCRIPTOR and field.name in _DATA and length > self._keep:
                self.weights += length
                self._file.seek(after + length)
            else:
                yield from self._taken(begin, after + length)
            if kind is AttributeProto.DESCRIPTOR and field is not None and field.name in _MANY:
                yield from self._taken(after + length, end)  # millions of numbers, each a field; a tensor is not there

    def _length(self, wire: int, after: int) -> tuple[int, int]:
        """How long the value is, and where it begins."""
        if wire == _LENGTH:
            return self._varint(after)
        if wire == _VARINT:
            return self._varint(after)[1] - after, after
        if wire in (_EIGHT, _FOUR):
            return (8 if wire == _EIGHT else 4), after
        raise Malformed

    def _varint(self, begin: int) -> tuple[int, int]:
        """A number of 7 bits a byte, and where it ends."""
        self._file.seek(begin)
        value = 0
        for place in range(10):
            byte = self._file.read(1)
            if not byte:
                raise Malformed
            value |= (byte[0] & 127) << (7 * place)
            if byte[0] < 128:
                return value, begin + place + 1
        raise Malformed

    def _taken(self, begin: int, end: int) -> Iterator[bytes]:
        self._file.seek(begin)
        yield self._file.read(end - begin)


def _encoded(value: int) -> bytes:
    head = bytearray()
    while value > 127:
        head.append(value & 127 | 128)
        value >>= 7
    return bytes([*head, value])
