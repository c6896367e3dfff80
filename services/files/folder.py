"""Files in a folder of this machine."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from services.files.store import Kept, StoreAway

T = TypeVar("T")
_UNFINISHED = ".part"
ABANDONED = 24 * 3600  # seconds


class FolderStore:
    """Each call is made in a thread."""

    def __init__(self, root: Path) -> None:
        self.root = root

    async def put(self, key: str, content: bytes) -> None:
        await _in_thread(lambda: _write(self.root / key, content))

    async def get(self, key: str) -> bytes | None:
        return await _in_thread(lambda: _read(self.root / key))

    async def delete(self, key: str) -> None:
        await _in_thread(lambda: (self.root / key).unlink(missing_ok=True))

    async def list(self) -> AsyncIterator[Sequence[Kept]]:
        for folder in await _in_thread(lambda: sorted(each for each in self.root.glob("??") if each.is_dir())):
            yield await _in_thread(partial(_files_of, folder))


async def _in_thread(work: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(work)
    except OSError as error:
        raise StoreAway(problem=f"{error.strerror}: {error.filename}" if error.filename else str(error)) from error


def _write(path: Path, content: bytes) -> None:
    """Under another name first, so that a reader never finds half of it. On disk when this returns, its name too."""
    _make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=_UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        _sync_folder(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _make_folder(path: Path) -> None:
    if path.is_dir():
        return
    _make_folder(path.parent)
    path.mkdir(exist_ok=True)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    """The names in it."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _files_of(folder: Path) -> list[Kept]:
    """What a process that died left half written goes at once if it is old."""
    found = []
    for file in folder.iterdir():
        with suppress(FileNotFoundError):  # somebody has deleted it this very moment, or a link leads nowhere
            written = file.stat().st_mtime
            if file.suffix != _UNFINISHED:
                found.append(Kept(f"{folder.name}/{file.name}", datetime.fromtimestamp(written, UTC)))
            elif written < time.time() - ABANDONED:
                file.unlink()
    return found
