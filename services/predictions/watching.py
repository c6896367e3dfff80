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
from services.predictions.history import UNFINISHED, PredictionNotFound, PredictionView, ended_of, look_at
from services.waiting import wait

log = structlog.get_logger()
_p = table_of(Prediction)

LOOK_SECONDS: Final = 1.0
REST_SECONDS: Final = 0.02  # at least, between two looks; and as long as the latest took, however much there is to hear


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


_Wanted = tuple[UUID, int]  # a prediction and whose it is


class PredictionWatch:
    """Needs `run` beside it. Wakes by what processes tell each other, else looks every second."""

    def __init__(self, db: Database, coordination: Coordination) -> None:
        self._db = db
        self._listeners: set[_Listener] = set()
        self._ends: dict[asyncio.Future[PredictionView], _Wanted] = {}
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

    async def end(self, prediction_id: UUID, *, user_id: int, seconds: float) -> PredictionView:
        """As it stands when it has ended, or when so many seconds are over. Nothing is read for this one alone but at
        the end of the time, so another user's is not found until then: `PredictionNotFound`."""
        end: asyncio.Future[PredictionView] = asyncio.get_running_loop().create_future()
        self._ends[end] = prediction_id, user_id
        self._wake.set()
        try:
            await asyncio.wait([end], timeout=seconds)
        finally:
            self._ends.pop(end, None)
        return end.result() if end.done() else await self._db.read(look_at, prediction_id, user_id)

    async def run(self) -> None:
        """Until cancelled. A database that is away is asked again."""
        time = asyncio.get_running_loop().time
        while True:
            await wait(self._wake, LOOK_SECONDS) if self._listeners or self._ends else await self._wake.wait()
            self._wake.clear()
            began = time()
            try:
                await self._look()
            except DatabaseUnavailable as error:
                log.warning("predictions_not_watched", error=str(error))
            await asyncio.sleep(max(REST_SECONDS, time() - began))

    async def _look(self) -> None:
        followed, ends = {listener.prediction_id for listener in self._listeners}, set(self._ends.values())
        if not followed and not ends:
            return
        states, ended = await self._db.read(_seen, followed, ends)
        for listener in self._listeners:
            if (state := states.get((listener.prediction_id, listener.user_id))) is not None:
                listener.tell(state)
        for end, wanted in self._ends.items():
            if wanted in ended and not end.done():
                end.set_result(ended[wanted])


# Built once. The place of each in its queue is reckoned over the index of queued rows alone.
_of = select(_p.c.id, _p.c.user_id, _p.c.status, _p.c.progress, _p.c.cancel_requested_at).where(
    _p.c.id.in_(bindparam("ids", expanding=True))
)
_queue = select(
    _p.c.id, func.row_number().over(partition_by=_p.c.model_slug, order_by=_p.c.available_at).label("place")
).where(QUEUED)
_waiting = _queue.subquery()
_places = select(_waiting.c.id, _waiting.c.place).where(_waiting.c.id.in_(bindparam("ids", expanding=True)))


def _seen(
    session: Session, followed: Collection[UUID], ends: Collection[_Wanted]
) -> tuple[Mapping[_Wanted, PredictionState], Mapping[_Wanted, PredictionView]]:
    return _states(session, followed) if followed else {}, ended_of(session, ends) if ends else {}


def _states(session: Session, ids: Collection[UUID]) -> Mapping[_Wanted, PredictionState]:
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
