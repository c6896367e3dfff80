"""What is not to be kept any longer, and what nothing names."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.engine import Database
from db.tables.chats import ChatMessage, MessageStatus
from db.tables.models import ModelVersion, Preset, VersionStatus
from db.tables.outbox import OutboxKind, OutboxMessage, OutboxStatus
from db.tables.predictions import File, FileKind, Prediction
from db.tables.scorings import Scoring, ScoringPart, ScoringStatus
from services.clock import Clock
from services.files.files import WISHED_AWAY, parse_file_id
from services.files.store import FileStore, StoreAway, id_of, key_of
from services.predictions.claims import QUEUED, RUNNING
from services.values.kept_files import ids_in

log = structlog.get_logger()
_files, _predictions = table_of(File), table_of(Prediction)
_presets, _outbox = table_of(Preset), table_of(OutboxMessage)
_versions = table_of(ModelVersion)
_messages, _scorings = table_of(ChatMessage), table_of(Scoring)
_answers = _messages.alias("answers")

AT_ONCE: Final = 100  # rows a transaction
INPUTS: Final = (FileKind.INPUT, FileKind.TABLE)
RESULTS: Final = (FileKind.RESULT, FileKind.ANSWERED_TABLE)
UNNAMED_FOR: Final = timedelta(days=1)  # before it is swept: its row may be under way
_in_rows = select(_files.c.id, _files.c.content).where(_files.c.content.is_not(None)).limit(20)
_moved = update(_files).where(_files.c.id == bindparam("file")).values(content=None)
_samples = select(_presets.c.sample_file_id).where(_presets.c.sample_file_id.is_not(None))
_untold = select(_outbox.c.payload["prediction_id"].as_string()).where(
    _outbox.c.status == OutboxStatus.PENDING, _outbox.c.kind.in_((OutboxKind.PREDICTION, OutboxKind.ENCLOSURE))
)

_of_tables = select(_scorings.c.source_file_id, _scorings.c.checked_file_id, _scorings.c.problems_file_id).where(
    _scorings.c.status.in_((constant(ScoringStatus.QUEUED), constant(ScoringStatus.RUNNING)))
)
_parts = select(table_of(ScoringPart).c.file_id)
_asked = (
    select(_messages.c.pictures, _messages.c.voice)
    .join(_answers, _answers.c.reply_to == _messages.c.id)
    .where(_answers.c.status.in_((constant(MessageStatus.QUEUED), constant(MessageStatus.RUNNING))))
)


class FileCleanup:
    """`inputs_for` and `results_for`: how long what customers send, and results, are kept; None: for ever."""

    def __init__(
        self,
        db: Database,
        store: FileStore,
        clock: Clock,
        *,
        inputs_for: timedelta | None,
        results_for: timedelta | None,
    ) -> None:
        self._db, self._store, self._clock = db, store, clock
        self.inputs_for, self.results_for = inputs_for, results_for

    async def run_due(self) -> None:
        """Raises StoreAway, DatabaseUnavailable; what is left is for the next time."""
        await self.move()
        await self.expire()
        await self.sweep()

    async def move(self) -> int:
        """Files that an older version kept in their rows, into the store. It may end anywhere and go on later."""
        count = 0
        while rows := await self._db.read(_kept_in_rows):
            for row in rows:
                await self._store.put(key_of(row.id), row.content)
            await self._db.write(_note_moved, [{"file": row.id} for row in rows])
            count += len(rows)
        if count:
            log.info("files_moved_to_store", count=count)
        return count

    async def expire(self) -> int:
        """Those whose time is over. What a run still needs stays."""
        count = 0
        for kind, term in ((INPUTS, self.inputs_for), (RESULTS, self.results_for)):
            if term is not None:
                old = _files.c.kind.in_(kind) & (_files.c.created_at < self._clock() - term)
                count += await self._delete_all(old)
        return count + await self._delete_all(_files.c.created_at <= WISHED_AWAY)

    async def delete_of(self, user_id: int) -> int:
        """All of a customer's, now; how many. What a run under way still needs goes within the hour after it."""
        count = await self._delete_all(_files.c.user_id == user_id)
        await self._db.write(wish_away_of, user_id)
        return count

    async def sweep(self) -> int:
        """What the store has and no row names."""
        count = 0
        async for page in self._store.list():
            before = self._clock() - UNNAMED_FOR
            old = {file_id for kept in page if kept.kept_at < before and (file_id := id_of(kept.key)) is not None}
            for file_id in old - await self._db.read(_named, old):
                await self._store.delete(key_of(file_id))
                count += 1
        if count:
            log.info("files_swept", count=count)
        return count

    async def _delete_all(self, which: ColumnElement[bool]) -> int:
        """Rows first: whoever dies between leaves files that nothing names, and so does a store that is away."""
        count, after = 0, UUID(int=0)
        while True:
            last, taken = await self._db.write(_take, which, after)
            for file_id in taken:
                with suppress(StoreAway):  # the sweep finds it
                    await self._store.delete(key_of(file_id))
            count += len(taken)
            if last is None:
                return count
            after = last


def _kept_in_rows(session: Session) -> Sequence[AnyRow]:
    return session.execute(_in_rows).all()


def _note_moved(session: Session, ids: list[dict[str, UUID]]) -> None:
    session.connection().execute(_moved, ids)


def _take(session: Session, which: ColumnElement[bool], after: UUID) -> tuple[UUID | None, list[UUID]]:
    """Some of them, in the order of their ids, without their rows from now on; and the last id that was looked at, None
    at the end. Needed ones are passed over."""
    found = select(_files.c.id).where(which, _files.c.id > after, _files.c.id.not_in(_samples))
    ids = session.scalars(found.order_by(_files.c.id).limit(AT_ONCE)).all()
    if not ids:
        return None, []
    needed = _needed(session)
    taken = [file_id for file_id in ids if file_id not in needed]
    session.execute(delete(_files).where(_files.c.id.in_(taken)))
    return ids[-1], taken


def _needed(session: Session) -> set[UUID]:
    """Pictures, voices and tables of what is to be run, and of answers that are to be told."""
    inputs = session.scalars(select(_predictions.c.inputs).where(QUEUED | RUNNING))
    given: list[str | None] = [each for values in inputs for value in values.values() for each in ids_in(value)]
    for row in session.execute(_asked):
        given += [*(row.pictures or ()), row.voice]
    files_of_tables = [each for row in session.execute(_of_tables) for each in row if each is not None]
    untold = [UUID(hexadecimal) for hexadecimal in session.scalars(_untold)]
    files = {file_id for text in given if (file_id := parse_file_id(text))}
    for chunk in (untold[i : i + AT_ONCE] for i in range(0, len(untold), AT_ONCE)):
        files |= set(session.scalars(select(_files.c.id).where(_files.c.prediction_id.in_(chunk))))
    told = select(_scorings.c.result_file_id).where(_scorings.c.id.in_(_untold_tables(session)))
    return files | {*files_of_tables, *session.scalars(_parts), *session.scalars(told)}


def _untold_tables(session: Session) -> list[UUID]:
    """Whose answers are to be told yet."""
    named = select(_outbox.c.payload["scoring_id"].as_string()).where(
        _outbox.c.status == OutboxStatus.PENDING, _outbox.c.kind == OutboxKind.SCORING
    )
    return [UUID(hexadecimal) for hexadecimal in session.scalars(named)]


def wish_away(session: Session, ids: Collection[UUID]) -> None:
    """They go within the hour, or when no run needs them any more."""
    session.execute(update(_files).where(_files.c.id.in_(ids)).values(created_at=WISHED_AWAY))


def wish_away_of(session: Session, user_id: int) -> None:
    """Likewise, all of a customer's."""
    session.execute(update(_files).where(_files.c.user_id == user_id).values(created_at=WISHED_AWAY))


def _named(session: Session, ids: Collection[UUID]) -> set[UUID]:
    return set(session.scalars(select(_files.c.id).where(_files.c.id.in_(ids)))) | _of_versions(session)


def _of_versions(session: Session) -> set[UUID]:
    """Contents of uploaded models, of all versions that somebody may still want."""
    wanted = select(_versions.c.files).where(_versions.c.status != constant(VersionStatus.DISCARDED))
    return {UUID(hex=entry["file"]) for files in session.scalars(wanted) for entry in files.values()}
