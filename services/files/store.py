"""Where files are kept: `FILES_URL`."""

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from services.errors import N_, ShopError

_S3: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[\w./-]*))?")


class StoreAway(ShopError):
    """Files can be neither read nor kept for now: a full disk, a server that is away. `problem` is for the operator."""

    message = N_("Pictures cannot be kept right now. Nothing was charged; please try again in a minute.")

    def __init__(self, *, problem: str) -> None:
        super().__init__(problem=problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"files cannot be kept: {self.problem}"


class Kept(NamedTuple):
    """A file of the store, whether or not a row names it."""

    key: str
    kept_at: datetime


class FileStore(Protocol):
    """Keys are `ab/abcdef…`. Each method raises StoreAway."""

    async def put(self, key: str, content: bytes) -> None:
        """Whole or not at all; once it returns, the file outlives the machine's power."""

    async def get(self, key: str) -> bytes | None:
        """None where there is none."""

    async def delete(self, key: str) -> None:
        """Nothing happens where there is none."""

    def list(self) -> AsyncIterator[Sequence[Kept]]:
        """All there are, some hundreds at a time, in any order."""


def open_store(url: str) -> FileStore:
    """Raises ValueError with what is wrong with the address, or what is missing to use it."""
    if url.startswith("file:"):
        from services.files.folder import FolderStore

        if not (path := url.removeprefix("file:").removeprefix("//")):
            raise ValueError("names no folder, such as file:data/files")
        return FolderStore(Path(path))
    if found := _S3.fullmatch(url):
        from services.files.bucket import BucketStore

        return BucketStore(found["bucket"], (found["prefix"] or "").strip("/"))
    raise ValueError("is file:FOLDER or s3://BUCKET/PREFIX")


def key_of(file_id: UUID) -> str:
    """No folder gets more than a 256th of all files."""
    return f"{file_id.hex[:2]}/{file_id.hex}"


def id_of(key: str) -> UUID | None:
    """None for what this shop has not put there."""
    match = re.fullmatch(r"([0-9a-f]{2})/(\1[0-9a-f]{30})", key)
    return UUID(match[2]) if match else None
