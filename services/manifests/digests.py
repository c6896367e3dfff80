"""SHA-256 of files, which is taken once of a file that stays as it is: a large model's takes seconds."""

import hashlib
import os
import time
from collections.abc import Callable
from io import BufferedReader
from typing import Any, Final, TypeAlias

Signature: TypeAlias = tuple[int, int, int]
SETTLED_NS: Final = 2_000_000_000
"""A file system's clock may tick so slowly: what was written to since may be written to again under the same time."""

_known: dict[tuple[int, int], tuple[Signature, str]] = {}


def digest(file: "BufferedReader[Any]", *, now_ns: Callable[[], int] = time.time_ns) -> str:
    """In hex. Leaves the file at its beginning."""
    before = os.fstat(file.fileno())
    place, signature = (before.st_dev, before.st_ino), _signature(before)
    if (known := _known.get(place)) is not None and known[0] == signature:
        file.seek(0)
        return known[1]
    file.seek(0)
    found = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    settled = max(before.st_mtime_ns, before.st_ctime_ns) + SETTLED_NS < now_ns()
    if settled and _signature(os.fstat(file.fileno())) == signature:
        _known[place] = signature, found
    else:
        _known.pop(place, None)
    return found


def _signature(found: os.stat_result) -> Signature:
    """The change time cannot be set by hand."""
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns
