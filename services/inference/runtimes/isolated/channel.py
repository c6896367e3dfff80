"""Messages between the shop and the process of a stranger's model: by two pipes, large ones through memory that both
see. One message is under way at a time."""

import fcntl
import mmap
import os
import struct
from typing import Final

from services.inference.runtimes.isolated.wire import Garbled, Json, Tensors, pack, unpack

SMALL: Final = 32_768  # bytes of numbers that go by the pipe, in one write with their header
MOST_HEADER: Final = 64_000_000  # bytes; texts of answers stand in it
MOST_NUMBERS: Final = 1_000_000_000
_HEAD: Final = struct.Struct(">QQ?")  # bytes of the header and of the numbers; whether these lie in memory


class SharedMemory:
    """`descriptor`: of a file without a name, which the shop makes and makes larger. It is sealed against shrinking:
    whoever has it cannot make the other side fall over its end."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._map: mmap.mmap | None = None

    @classmethod
    def create(cls) -> "SharedMemory | None":
        """None where the system has none, or where it cannot be sealed."""
        if not hasattr(os, "memfd_create"):
            return None
        descriptor = os.memfd_create("tensors", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        return cls(descriptor)

    def room(self, size: int) -> memoryview | None:
        """So many bytes, or None where it is smaller."""
        if (self._map is None or len(self._map) < size) and not self._mapped(size):
            return None
        assert self._map is not None
        return memoryview(self._map)[:size]

    def grow(self, size: int) -> None:
        """Raises OSError where there is no memory."""
        if os.fstat(self.descriptor).st_size < size:
            os.ftruncate(self.descriptor, -(-size // mmap.PAGESIZE) * mmap.PAGESIZE)

    def close(self) -> None:
        self._map = None  # its views end with those who have them
        os.close(self.descriptor)

    def _mapped(self, size: int) -> bool:
        there = os.fstat(self.descriptor).st_size
        if there < size:
            return False
        self._map = mmap.mmap(self.descriptor, there)
        return True


class TensorChannel:
    def __init__(self, reading: int, writing: int, memory: SharedMemory | None, *, grows: bool = False) -> None:
        """`grows`: this side makes the memory larger, also for what the other one had no room for."""
        self._reading, self._writing, self._memory, self._grows = reading, writing, memory, grows

    def send(self, told: Json, tensors: Tensors) -> None:
        """Raises OSError where the other side is gone."""
        header, numbers = pack(told, tensors)
        if numbers.size > SMALL and self._memory is not None:
            if self._grows:
                self._memory.grow(numbers.size)
            if (room := self._memory.room(numbers.size)) is not None:
                numbers.write(room)
                _write(self._writing, _HEAD.pack(len(header), numbers.size, True) + header)
                return
        body = bytearray(numbers.size)
        numbers.write(body)
        _write(self._writing, _HEAD.pack(len(header), numbers.size, False) + header + body)

    def receive(self) -> tuple[Json, Tensors]:
        """Raises EOFError where the other side is gone, Garbled."""
        length, size, shared = _HEAD.unpack(_read(self._reading, _HEAD.size))
        if length > MOST_HEADER or size > MOST_NUMBERS:
            raise Garbled(f"{length} + {size} bytes")
        header = _read(self._reading, length)
        if not shared:
            numbers = _read(self._reading, size)
            if self._grows and self._memory is not None and size > SMALL:
                self._memory.grow(size)
            return unpack(header, numbers)
        room = None if self._memory is None else self._memory.room(size)
        if room is None:
            raise Garbled(f"{size} bytes of memory that is not there")
        return unpack(header, room)


def _write(descriptor: int, data: bytes | bytearray) -> None:
    rest = memoryview(data)
    while rest.nbytes:
        rest = rest[os.write(descriptor, rest) :]


def _read(descriptor: int, count: int) -> bytes:
    parts, missing = list[bytes](), count
    while missing:
        part = os.read(descriptor, min(missing, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
