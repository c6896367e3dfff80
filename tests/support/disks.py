"""A disk that is full."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PAGE = 4096


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow past a page. Python would leave the first page of what it compiles meanwhile."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        sys.dont_write_bytecode = writes
