"""Customers' pictures and results: kept, read, deleted."""

import asyncio
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.tables.predictions import File, FileKind
from services.clock import Clock
from services.files.store import FileStore, StoreAway, key_of
from services.users.existing import require_existing
from services.values.sounds import MEDIA_TYPE, is_sound

_files = table_of(File)
LARGE: Final = 500_000  # bytes; a millisecond of the loop, so that others go on while they are read
WISHED_AWAY: Final = datetime(1970, 1, 1, tzinfo=UTC)  # since then, of what its owner wants no more


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What the store has and a row is to name; `size` in bytes."""

    id: UUID
    media_type: str
    size: int
    sha256: str


class Files:
    """Contents go past the database."""

    def __init__(self, db: Database, store: FileStore, clock: Clock) -> None:
        self._db, self._store, self._clock = db, store, clock

    async def put(self, user_id: int, content: bytes, media_type: str) -> UUID:
        """What a customer sent. Raises StoreAway, AccountGone."""
        stored = await self.store(content, media_type)
        await self._db.write(_add_sent, stored, user_id, self._clock())
        return stored.id

    async def store(self, content: bytes, media_type: str) -> StoredFile:
        """Without a row yet: it is swept after a day if none comes. Raises StoreAway."""
        file_id = uuid4()
        digest = await asyncio.to_thread(_digest, content) if len(content) > LARGE else _digest(content)
        await self._store.put(key_of(file_id), content)
        return StoredFile(id=file_id, media_type=media_type, size=len(content), sha256=digest)

    async def discard(self, ids: Collection[UUID]) -> None:
        """Now, of those that were wished away. Rows first: what a store that is away keeps is swept."""
        for file_id in await self._db.write(_discard, ids) if ids else ():
            with suppress(StoreAway):
                await self._store.delete(key_of(file_id))

    async def get(self, file_id: UUID, *, user_id: int) -> bytes | None:
        """The content, or None where there is no such file of this user. Raises StoreAway."""
        return (await self.contents([(file_id, user_id)])).get(file_id)

    async def known(self, hex_ids: Iterable[str], *, user_id: int) -> set[str]:
        """Those of these that are files of this user and have not been deleted."""
        by_id = {file_id: text for text in hex_ids if (file_id := parse_file_id(text)) is not None}
        rows = await self._db.read(_owners, list(by_id)) if by_id else {}
        return {by_id[file_id] for file_id, owner in rows.items() if owner == user_id}

    async def alike(self, pairs: Sequence[tuple[UUID, UUID]], *, user_id: int) -> bool:
        """Whether both files of each pair are this user's and hold the same."""
        found = await self._db.read(_digests, {each for pair in pairs for each in pair}, user_id) if pairs else {}
        return all(one in found and found[one] == found.get(other) for one, other in pairs)

    async def contents(self, wanted: Iterable[tuple[UUID, int]]) -> dict[UUID, bytes]:
        """Of those of these files that there are and that are their user's. Raises StoreAway."""
        owners = dict(wanted)
        rows = await self._db.read(_of, list(owners)) if owners else {}
        mine = {file_id: content for file_id, (owner, content) in rows.items() if owners[file_id] == owner}
        found = await asyncio.gather(*(self._content(file_id, content) for file_id, content in mine.items()))
        return {file_id: content for file_id, content in zip(mine, found, strict=True) if content is not None}

    async def _content(self, file_id: UUID, in_row: bytes | None) -> bytes | None:
        return await self._store.get(key_of(file_id)) if in_row is None else in_row


def add(
    session: Session,
    file: StoredFile,
    *,
    user_id: int,
    kind: FileKind,
    now: datetime,
    prediction_id: UUID | None = None,
    room_type: str | None = None,
    facts: JsonObject | None = None,
) -> None:
    """The row of a file that the store has. `room_type`: what the picture shows; `facts`: what made it."""
    session.execute(
        insert(_files),
        {
            "id": file.id,
            "user_id": user_id,
            "prediction_id": prediction_id,
            "kind": kind,
            "room_type": room_type,
            "facts": facts,
            "media_type": file.media_type,
            "size": file.size,
            "sha256": file.sha256,
            "created_at": now,
        },
    )


def _add_sent(session: Session, file: StoredFile, user_id: int, now: datetime) -> None:
    require_existing(session, user_id)
    add(session, file, user_id=user_id, kind=FileKind.INPUT, now=now)


def _discard(session: Session, ids: Collection[UUID]) -> Sequence[UUID]:
    wished_away = delete(_files).where(_files.c.id.in_(ids), _files.c.created_at <= WISHED_AWAY)
    return session.scalars(wished_away.returning(_files.c.id)).all()


def _of(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, tuple[int, bytes | None]]:
    """Whose each file is, and its content where an older version kept it in the row."""
    rows = session.execute(select(_files.c.id, _files.c.user_id, _files.c.content).where(_files.c.id.in_(ids)))
    return {row.id: (row.user_id, row.content) for row in rows}


def _digests(session: Session, ids: Collection[UUID], user_id: int) -> Mapping[UUID, str]:
    mine = select(_files.c.id, _files.c.sha256).where(_files.c.user_id == user_id)
    rows = session.execute(mine.where(_files.c.id.in_(ids)))
    return {row.id: row.sha256 for row in rows}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def media_type_of(picture: bytes) -> str:
    """Of what the shop itself makes: PNG, JPEG or WAV."""
    if is_sound(picture):
        return MEDIA_TYPE
    return "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"


def parse_file_id(text: object) -> UUID | None:
    """None for what is no id."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _owners(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    rows = session.execute(select(_files.c.id, _files.c.user_id).where(_files.c.id.in_(ids)))
    return {row.id: row.user_id for row in rows}
