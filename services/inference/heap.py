"""What was freed goes back to the machine. glibc keeps blocks of up to 32 MB for later, and those of a model that was
read are as much as the model itself; other C libraries give them back of themselves."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # mallopt(3)
_MEGABYTE: Final = 1 << 20
_LIBRARY: Final = ctypes.CDLL(None)
_IS_GLIBC: Final = hasattr(_LIBRARY, "mallopt") and hasattr(_LIBRARY, "malloc_trim")


def one_arena() -> None:
    """All threads allocate from the same heap, so that one uses what another has freed. Python holds a lock of its own
    meanwhile."""
    if _IS_GLIBC:
        _LIBRARY.mallopt(_ARENA_MAX, 1)


@contextmanager
def freed_at_once() -> Iterator[None]:
    """While this lasts, blocks over a megabyte are given back as they are freed, and at the end all that is free."""
    _keep(_MEGABYTE)
    try:
        yield
    finally:
        _keep(32 * _MEGABYTE)  # where glibc itself ends, once such a block was freed
        give_back()


def give_back() -> None:
    """What is free now; some milliseconds."""
    if _IS_GLIBC:
        _LIBRARY.malloc_trim(0)


def _keep(largest: int) -> None:
    if _IS_GLIBC:
        _LIBRARY.mallopt(_MMAP_THRESHOLD, largest)
        _LIBRARY.mallopt(_TRIM_THRESHOLD, 2 * largest)
