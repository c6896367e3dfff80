"""The good rows of a table, chunk by chunk: as many at once as the model answers in a second."""

import asyncio
from dataclasses import dataclass
from typing import Final

from services.files.files import Files
from services.inference.column_files import unpack
from services.inference.columns import AnswerColumns, ColumnBatch, none_answered
from services.inference.engine import Engine
from services.manifests.manifest import Manifest
from services.scoring.checking import ROWS
from services.scoring.queries import ScoringView

CHUNK_SECONDS: Final = 1.0  # what a chunk takes; a kill loses it, and the one before it that is being kept
MOST_ROWS: Final = 50_000  # of a chunk
FEW_ROWS: Final = 256  # of one where a worker has died


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredChunk:
    """Answers to the rows from `start` on."""

    start: int
    answers: AnswerColumns

    @property
    def stop(self) -> int:
        return self.start + self.answers.rows


class Chunks:
    """`careful`: few rows at once, so that those that kill a worker are found."""

    def __init__(self, view: ScoringView, columns: ColumnBatch, engine: Engine, *, careful: bool) -> None:
        self._slug, self._version, self._source = view.model_slug, view.model_version, view.source
        self._columns, self._engine = columns, engine
        self._size = FEW_ROWS if careful else MOST_ROWS

    @classmethod
    async def of(cls, view: ScoringView, engine: Engine, files: Files, *, careful: bool) -> "Chunks":
        """Raises StoreAway."""
        file_id = view.checked_file_id
        content = None if file_id is None else await files.get(file_id, user_id=view.user_id)
        arrays = {} if content is None else await asyncio.to_thread(unpack, content)
        arrays.pop(ROWS, None)
        return cls(view, ColumnBatch(rows=view.good, arrays=arrays), engine, careful=careful)

    async def answer(self, start: int) -> AnsweredChunk | None:
        """The next rows. None where the model that is loaded is of another version than was ordered: its options and
        classes may stand at other places. Raises ModelUnavailable."""
        part = self._part(start)
        manifest = self._engine.manifest(self._slug)
        if manifest is not None and not self._is_ordered(manifest):  # nothing may come between this and the engine
            return None
        answers = await self._engine.score(self._slug, part, seconds=CHUNK_SECONDS)
        return AnsweredChunk(start=start, answers=answers)

    def _is_ordered(self, manifest: Manifest) -> bool:
        return manifest.version == self._version and self._source.is_of(manifest.questions_and_answers)

    def give_up(self, start: int) -> AnsweredChunk:
        """The next rows, without an answer."""
        return AnsweredChunk(start=start, answers=none_answered(self._part(start).rows))

    def _part(self, start: int) -> ColumnBatch:
        return self._columns.part(start, start + self._size)
