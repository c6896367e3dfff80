"""How predictions go on, for whoever looks: one loop of a process asks the database for all of them at once."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.predictions import Prediction, PredictionStatus
from services.coordination.base import Coordination, Topic
from services.predictions.claims import QUEUED
from services.predictions.history import PredictionNotFound
from services.waiting import wait

log = structlog.get_logger()
_p = table_of(Prediction)

LOOK_SECONDS: Final = 1.0
REST_SECONDS: Final = 0.1  # between two looks, however much there is to hear
UNFINISHED: Final = frozenset({PredictionStatus.QUEUED, PredictionStatus.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionState:
    """`place` counts from 1 within its model's queue, 0 once it runs or has ended. At a server so many jobs may be
    `ahead` of it, or so many `percent` of it done."""

    prediction_id: UUID
    status: PredictionStatus
    place: int = 0
    ahead: int | None = None
    percent: int | None = None
    canceling: bool = False

    @property
    def finished(self) -> bool:
        return self.status not in UNFINISHED


class _Listener:
    """Hears the latest state alone: what came in between is of no use to anybody."""

    def __init__(self, prediction_id: UUID, user_id: int) -> None:
        self.prediction_id, self.user_id = prediction_id, user_id
        self._told: PredictionState | None = None
        self._news = asyncio.Event()

    def tell(self, state: PredictionState) -> None:
        if state != self._told:
            self._told = state
            self._news.set()

    async def next(self) -> PredictionState:
        await self._news.wait()
        self._news.clear()
        assert self._told is not None
        return self._told


class PredictionWatch:
    """Needs `run` beside it. Wakes by what processes tell each other, else looks every second."""

    def __init__(self, db: Database, coordination: Coordination) -> None:
        self._db = db
        self._listeners: set[_Listener] = set()
        self._wake = asyncio.Event()
        coordination.hear(Topic.NEWS, lambda _: self._wake.set())

    async def watch(self, prediction_id: UUID, *, user_id: int) -> AsyncGenerator[PredictionState, None]:
        """How it stands now, and each change of that; ends with its end. Raises `PredictionNotFound` for another
        user's too, before it yields anything."""
        listener = _Listener(prediction_id, user_id)
        self._listeners.add(listener)
        try:
            found = await self._db.read(_states, [prediction_id])
            if (state := found.get((prediction_id, user_id))) is None:
                raise PredictionNotFound(prediction_id=prediction_id)
            listener.tell(state)
            self._wake.set()
            while not (state := await listener.next()).finished:
                yield state
            yield state
        finally:
            self._listeners.discard(listener)

    async def run(self) -> None:
        """Until cancelled. A database that is away is asked again."""
        while True:
            await wait(self._wake, LOOK_SECONDS) if self._listeners else await self._wake.wait()
            self._wake.clear()
            try:
                await self._look()
            except DatabaseUnavailable as error:
                log.warning("predictions_not_watched", error=str(error))
            await asyncio.sleep(REST_SECONDS)

    async def _look(self) -> None:
        wanted = {listener.prediction_id for listener in self._listeners}
        found = await self._db.read(_states, list(wanted)) if wanted else {}
        for listener in self._listeners:
            if (state := found.get((listener.prediction_id, listener.user_id))) is not None:
                listener.tell(state)


# Built once. The place of each in its queue is reckoned over the index of queued rows alone.
_of = select(_p.c.id, _p.c.user_id, _p.c.status, _p.c.progress, _p.c.cancel_requested_at).where(
    _p.c.id.in_(bindparam("ids", expanding=True))
)
_queue = select(
    _p.c.id, func.row_number().over(partition_by=_p.c.model_slug, order_by=_p.c.available_at).label("place")
).where(QUEUED)
_waiting = _queue.subquery()
_places = select(_waiting.c.id, _waiting.c.place).where(_waiting.c.id.in_(bindparam("ids", expanding=True)))


def _states(session: Session, ids: Collection[UUID]) -> Mapping[tuple[UUID, int], PredictionState]:
    """By id and owner."""
    rows = session.connection().execute(_of, {"ids": ids}).all()
    queued = [row.id for row in rows if row.status == PredictionStatus.QUEUED]
    found = session.connection().execute(_places, {"ids": queued}).all() if queued else []
    places = {row.id: row.place for row in found}
    return {(row.id, row.user_id): _state(row, places.get(row.id, 0)) for row in rows}


def _state(row: AnyRow, place: int) -> PredictionState:
    status = PredictionStatus(row.status)
    told = row.progress or {} if status in UNFINISHED else {}
    canceling = row.cancel_requested_at is not None and status in UNFINISHED
    return PredictionState(prediction_id=row.id, status=status, place=place, canceling=canceling, **told)
