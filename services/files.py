"""Pictures that customers send and models make, kept in the database: every machine sees them, a backup has them."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.predictions import File
from services.clock import Clock

_files = table_of(File)


class Files:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def put(self, user_id: int, content: bytes, media_type: str) -> UUID:
        file_id = uuid4()
        await self._db.write(
            add, file_id, user_id=user_id, content=content, media_type=media_type, now=self._clock(), prediction_id=None
        )
        return file_id

    async def get(self, file_id: UUID, *, user_id: int) -> bytes | None:
        """The content, or None where there is no such file of this user."""
        return (await self._db.read(contents, [file_id], user_id=user_id)).get(file_id)


def add(
    session: Session,
    file_id: UUID,
    *,
    user_id: int,
    content: bytes,
    media_type: str,
    now: datetime,
    prediction_id: UUID | None,
) -> None:
    session.execute(
        insert(_files),
        {
            "id": file_id,
            "user_id": user_id,
            "prediction_id": prediction_id,
            "media_type": media_type,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "content": content,
            "created_at": now,
        },
    )


def contents(session: Session, ids: Iterable[UUID], *, user_id: int) -> dict[UUID, bytes]:
    rows = session.execute(
        select(_files.c.id, _files.c.content).where(_files.c.id.in_(list(ids)), _files.c.user_id == user_id)
    )
    return {row.id: row.content for row in rows}
