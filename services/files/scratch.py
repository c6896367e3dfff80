"""A folder for a while: to be filled before it gets its name, or to work in. What a process that was killed has left of
one is taken away by the next."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = ".kassandra-new-"  # nobody else's: what begins so is taken away


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """An empty folder in `parent`, made where needed, gone at the end. Whoever fills one holds a lock on it that ends
    with the process, however that ends."""
    parent.mkdir(parents=True, exist_ok=True)
    with _locked(parent):
        _take_away_left(parent)
        scratch = Path(tempfile.mkdtemp(dir=parent, prefix=PREFIX))
        mine = _lock(scratch, wait=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        _close(mine)


def sweep_scratch(parent: Path) -> None:
    """Without making one."""
    if parent.is_dir():
        with _locked(parent):
            _take_away_left(parent)


def _take_away_left(parent: Path) -> None:
    for left in parent.glob(f"{PREFIX}*"):
        if left.is_dir() and not left.is_symlink() and not _in_use(left):
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One command at a time looks and makes: a new folder is not yet locked."""
    held = _lock(folder, wait=True)
    try:
        yield
    finally:
        _close(held)


def _in_use(folder: Path) -> bool:
    try:
        lock = _lock(folder, wait=False)
    except OSError:
        return True
    _close(lock)
    return lock is None  # nobody can tell


def _lock(folder: Path, *, wait: bool) -> int | None:
    """Raises OSError where another holds it. None where the system has no such locks."""
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        if not wait:
            raise
        return None  # some network file systems have none
    return descriptor


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        with suppress(OSError):
            os.close(descriptor)
