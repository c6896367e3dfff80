"""A disk that is full."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

PAGE = 4096


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow past a page."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PAGE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
