"""What a customer bought, and how it goes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, constant, table_of
from db.engine import Database
from db.tables.models import Preset
from db.tables.predictions import ErrorCode, Prediction, PredictionStatus
from services.errors import N_, ShopError
from services.files.files import Files
from services.notifications.message_ref import MessageRef, message_columns
from services.pages import Page, paginate
from services.predictions.claims import QUEUED, RUNNING
from services.slices import Slice, first_of
from services.values.sounds import is_sound

_p, _presets = table_of(Prediction), table_of(Preset)
MAX_SHOWN = 1000  # longer queues tell the newest customers nothing but that they wait


class PredictionNotFound(ShopError):
    message = N_("There is no such prediction.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionView:
    """`result` is `{"outputs", "advice", "files"?}` once succeeded; `price` in hundredths of a credit."""

    id: UUID
    user_id: int
    model_slug: str
    model_version: str
    preset_id: int | None
    inputs: JsonObject
    price: int
    status: PredictionStatus
    result: JsonObject | None
    error_code: ErrorCode | None
    shown_in: MessageRef | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Of a prediction that is not finished; `place` counts from 1 within its model's queue, 0 once it runs. At a server
    so many jobs may be `ahead` of it, or so many `percent` of it done."""

    prediction_id: UUID
    user_id: int
    shown_in: MessageRef
    status: PredictionStatus
    place: int
    model_slug: str = ""
    ahead: int | None = None
    percent: int | None = None
    canceling: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """What is left out says nothing. `model_slug`: or a preset's."""

    model_slug: str | None = None
    statuses: Collection[PredictionStatus] = ()


EVERYTHING: Final = HistoryFilter()
UNFINISHED: Final = frozenset({PredictionStatus.QUEUED, PredictionStatus.RUNNING})


class History:
    def __init__(self, db: Database, files: Files) -> None:
        self._db = db
        self._files = files

    async def page(
        self, user_id: int, page: int, size: int = 8, *, only: HistoryFilter = EVERYTHING
    ) -> Page[PredictionView]:
        """The user's predictions, newest first; a page past the end is the last one."""
        return await self._db.read(_page, user_id, page, size, only)

    async def models(self, user_id: int) -> list[str]:
        """Slugs of those that the user has bought of."""
        return await self._db.read(_bought_of, user_id)

    async def after(
        self, user_id: int, last: UUID | None, limit: int, *, only: HistoryFilter = EVERYTHING
    ) -> Slice[PredictionView]:
        """The user's newest predictions, or those older than `last`. Raises `PredictionNotFound` where that is none of
        theirs."""
        return await self._db.read(_after, user_id, last, limit, only)

    async def get(self, prediction_id: UUID, *, user_id: int) -> PredictionView:
        """Raises `PredictionNotFound` for another user's too."""
        return await self._db.read(look_at, prediction_id, user_id)

    async def latest(self, user_id: int, model_slug: str) -> PredictionView | None:
        """The user's newest prediction with this model, however it ended."""
        return await self._db.read(_latest, user_id, model_slug)

    async def images(self, view: PredictionView) -> dict[str, bytes]:
        """Pictures that the model made and that are still kept, by output name. Raises StoreAway."""
        return {name: content for name, content in (await self.made(view)).items() if not is_sound(content)}

    async def sounds(self, view: PredictionView) -> dict[str, bytes]:
        """The same of sounds, as WAV."""
        return {name: content for name, content in (await self.made(view)).items() if is_sound(content)}

    async def made(self, view: PredictionView) -> dict[str, bytes]:
        """Pictures and sounds. Raises StoreAway."""
        ids = {name: UUID(file_id) for name, file_id in ((view.result or {}).get("files") or {}).items()}
        found = await self._files.contents((file_id, view.user_id) for file_id in ids.values())
        return {name: found[file_id] for name, file_id in ids.items() if file_id in found}

    async def unfinished(self, older_than: datetime) -> list[Progress]:
        """Predictions that have been waiting since before `older_than` and whose progress a chat shows."""
        return await self._db.read(_unfinished, older_than)

    async def queue(self, now: datetime) -> tuple[int, float]:
        """How many predictions wait and how long the oldest has waited, in seconds."""
        return await self._db.read(_queue, now)


def _page(session: Session, user_id: int, page: int, size: int, only: HistoryFilter) -> Page[PredictionView]:
    found = paginate(session, _mine(user_id, only), page, size)
    return found.holding([_view(row) for row in found.items])


def _mine(user_id: int, only: HistoryFilter) -> Select[Any]:  # Any: all columns
    mine = select(_p).where(_p.c.user_id == user_id).order_by(_p.c.created_at.desc(), _p.c.id.desc())
    if (slug := only.model_slug) is not None:
        preset = select(_presets.c.id).where(_presets.c.slug == slug).scalar_subquery()
        mine = mine.where((_p.c.model_slug == slug) | (_p.c.preset_id == preset))
    return mine.where(_p.c.status.in_(list(only.statuses))) if only.statuses else mine


def _bought_of(session: Session, user_id: int) -> list[str]:
    return list(session.scalars(select(_p.c.model_slug).where(_p.c.user_id == user_id).distinct()))


def _after(session: Session, user_id: int, last: UUID | None, limit: int, only: HistoryFilter) -> Slice[PredictionView]:
    mine = _mine(user_id, only)
    if last is not None:
        at = look_at(session, last, user_id).created_at
        mine = mine.where((_p.c.created_at < at) | ((_p.c.created_at == at) & (_p.c.id < last)))
    return first_of(session, mine, limit).of(_view)


# Built once: every sale looks.
_COLUMNS: Final = tuple(name for name in PredictionView.__slots__ if name != "shown_in")
_shown_to_owner = select(*(_p.c[name] for name in (*_COLUMNS, *message_columns(None))))
_one = _shown_to_owner.where(_p.c.id == bindparam("id"), _p.c.user_id == bindparam("user_id"))
_ended = _shown_to_owner.where(
    _p.c.id.in_(bindparam("ids", expanding=True)), _p.c.status.not_in([constant(status) for status in UNFINISHED])
)


def look_at(session: Session, prediction_id: UUID, user_id: int) -> PredictionView:
    """Raises `PredictionNotFound` for another user's too."""
    row = session.connection().execute(_one, {"id": prediction_id, "user_id": user_id}).first()
    if row is None:
        raise PredictionNotFound(prediction_id=prediction_id)
    return _view(row)


def ended_of(session: Session, wanted: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], PredictionView]:
    """Those that have ended, by id and owner."""
    rows = session.connection().execute(_ended, {"ids": [prediction_id for prediction_id, _ in wanted]})
    return {(row.id, row.user_id): _view(row) for row in rows}


def _latest(session: Session, user_id: int, model_slug: str) -> PredictionView | None:
    mine = select(_p).where(_p.c.user_id == user_id, _p.c.model_slug == model_slug)
    row = session.execute(mine.order_by(_p.c.created_at.desc(), _p.c.id).limit(1)).first()
    return None if row is None else _view(row)


_shown = (
    _p.c.id,
    _p.c.user_id,
    _p.c.model_slug,
    _p.c.chat_id,
    _p.c.thread_id,
    _p.c.message_id,
    _p.c.created_at,
    _p.c.status,
    _p.c.progress,
    _p.c.cancel_requested_at,
)
_place = func.row_number().over(partition_by=_p.c.model_slug, order_by=_p.c.available_at)
_both = union_all(  # each has an index of its own, the two together have none
    select(*_shown, _place.label("place")).where(QUEUED), select(*_shown, literal(0).label("place")).where(RUNNING)
).subquery()
_unfinished_rows = (
    select(_both)
    .where(_both.c.created_at < bindparam("older_than"), _both.c.message_id.is_not(None))
    .order_by(_both.c.created_at)
    .limit(MAX_SHOWN)
)


def _unfinished(session: Session, older_than: datetime) -> list[Progress]:
    rows = session.execute(_unfinished_rows, {"older_than": older_than})
    return [
        Progress(
            prediction_id=row.id,
            user_id=row.user_id,
            shown_in=shown_in,
            status=PredictionStatus(row.status),
            place=row.place,
            model_slug=row.model_slug,
            canceling=row.cancel_requested_at is not None,
            **(row.progress or {}),
        )
        for row in rows
        if (shown_in := MessageRef.of(row)) is not None
    ]


def _queue(session: Session, now: datetime) -> tuple[int, float]:
    waiting = QUEUED & (_p.c.available_at <= now)
    row = session.execute(select(func.count(), func.min(_p.c.created_at)).where(waiting)).one()
    return row[0], (now - row[1]).total_seconds() if row[1] else 0.0


def _view(row: AnyRow) -> PredictionView:
    fields = {name: getattr(row, name) for name in _COLUMNS}
    code = None if row.error_code is None else ErrorCode(row.error_code)
    read = {"status": PredictionStatus(row.status), "error_code": code, "shown_in": MessageRef.of(row)}
    return PredictionView(**fields | read)
