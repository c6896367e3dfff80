"""How an answer goes on, for whoever looks: by what its worker tells, and where nothing is told, by its row."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.chats import MessageStatus
from services.chats.answers import read_answer
from services.chats.streams import AnswerProgress, AnswerStreams

log = structlog.get_logger()
SILENCE: Final = 2.0  # seconds, after which the row is looked at
_UNFINISHED: Final = frozenset({MessageStatus.QUEUED, MessageStatus.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerState:
    """`text`: what has come; of an answer under way that is longer than `streams.TAIL`, its end."""

    answer_id: UUID
    status: MessageStatus
    text: str = ""

    @property
    def finished(self) -> bool:
        return self.status not in _UNFINISHED


class _AnswerListener:
    """Hears the latest alone."""

    def __init__(self) -> None:
        self.progress: AnswerProgress | None = None
        self.news = asyncio.Event()

    def hear(self, progress: AnswerProgress) -> None:
        self.progress = progress
        self.news.set()


class AnswerWatch:
    def __init__(self, db: Database, streams: AnswerStreams) -> None:
        self._db = db
        self._listeners: dict[UUID, set[_AnswerListener]] = {}
        streams.hear(self._heard)

    async def watch(self, answer_id: UUID, *, user_id: int) -> AsyncGenerator[AnswerState, None]:
        """How it stands now, and each change of that; ends with its end. Raises MessageNotFound for another user's
        too, before it yields anything."""
        listener = _AnswerListener()
        self._listeners.setdefault(answer_id, set()).add(listener)
        try:
            state = await self._look(answer_id, user_id)
            yield state
            while not state.finished:
                before, state = state, await self._next(listener, state, user_id)
                if state != before:
                    yield state
        finally:
            left = self._listeners[answer_id]
            left.discard(listener)
            if not left:
                del self._listeners[answer_id]

    def _heard(self, progress: AnswerProgress) -> None:
        for listener in self._listeners.get(progress.answer_id, ()):
            listener.hear(progress)

    async def _next(self, listener: _AnswerListener, state: AnswerState, user_id: int) -> AnswerState:
        with suppress(TimeoutError):
            await asyncio.wait_for(listener.news.wait(), SILENCE)
        told, listener.progress = listener.progress, None
        listener.news.clear()
        if told is not None and not told.done:
            return AnswerState(answer_id=state.answer_id, status=MessageStatus.RUNNING, text=told.text)
        try:
            seen = await self._look(state.answer_id, user_id)
        except DatabaseUnavailable as error:
            log.warning("answer_not_watched", error=str(error))
            return state
        behind = not seen.finished and len(seen.text) < len(state.text)  # its row is kept now and then
        return state if behind else seen

    async def _look(self, answer_id: UUID, user_id: int) -> AnswerState:
        view = await self._db.read(read_answer, answer_id, user_id)
        return AnswerState(answer_id=answer_id, status=view.status, text=view.text or "")
