"""A version beside the one on sale: asked for in a row, done by a worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, constant, table_of
from db.tables.models import ComparisonStatus, ModelComparison, VersionStatus
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import AuditAction
from db.upsert import insert_into
from services.models.uploads.changes import NotNow, locked, record_change
from services.models.uploads.leases import claim_oldest
from services.models.uploads.versions import VersionView, version, versions_of
from services.notifications import outbox
from services.notifications.kinds.models import UploadCompared
from services.users.actor import Actor
from services.values.parse import Value

_comparisons, _predictions = table_of(ModelComparison), table_of(Prediction)
_QUEUED = _comparisons.c.status == ComparisonStatus.QUEUED
COMPARED: Final = (VersionStatus.CHECKED, VersionStatus.RETIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Of `version_id` with `against`. `report`: a `Compared`, dumped, or {"problem"}."""

    version_id: UUID
    against: VersionView
    status: ComparisonStatus
    report: JsonObject
    attempts: int

    @classmethod
    def of(cls, session: Session, row: AnyRow) -> Self:
        return cls(
            version_id=row.version_id,
            against=version(session, row.against_id),
            status=ComparisonStatus(row.status),
            report=row.report or {},
            attempts=row.attempts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PastInputs:
    """What a customer once answered."""

    user_id: int
    inputs: Mapping[str, Value]


def ask(session: Session, version_id: UUID, *, actor: Actor, now: datetime) -> None:
    """With the version on sale, a worker does it soon; whoever asked last hears of it. Raises VersionNotFound,
    NotNow."""
    row = locked(session, version_id, COMPARED)
    if not begin(session, version_id, row.slug, asked_by=actor.user_id, now=now):
        raise NotNow(version=version_id, status=row.status)
    waiting = update(_comparisons).where(_comparisons.c.version_id == version_id, _QUEUED)
    session.execute(waiting.values(asked_by=actor.user_id))
    record_change(session, AuditAction.UPLOAD_COMPARE, row, actor=actor, now=now)


def begin(session: Session, version_id: UUID, slug: str, *, asked_by: int | None, now: datetime) -> bool:
    """Part of a caller's transaction. False where nothing is on sale to be compared with."""
    sold = next(iter(versions_of(session, slug, (VersionStatus.PUBLISHED,))), None)
    if sold is None or sold.id == version_id:
        return False
    anew = {
        "asked_by": asked_by,
        "status": ComparisonStatus.QUEUED,
        "report": None,
        "attempts": 0,
        "leased_by": None,
        "leased_until": None,
        "created_at": now,
        "finished_at": None,
    }
    insert = insert_into(session, _comparisons).values(version_id=version_id, against_id=sold.id, **anew)
    ended = _comparisons.c.status != constant(ComparisonStatus.QUEUED)
    session.execute(insert.on_conflict_do_update(index_elements=["version_id", "against_id"], set_=anew, where=ended))
    return True


def comparison(session: Session, version_id: UUID, against_id: UUID) -> Comparison | None:
    row = session.execute(select(_comparisons).where(*_of(version_id, against_id))).first()
    return None if row is None else Comparison.of(session, row)


def latest_inputs(session: Session, slug: str, limit: int) -> Sequence[PastInputs]:
    """Of what was answered, the latest first."""
    answered = select(_predictions.c.user_id, _predictions.c.inputs).where(
        _predictions.c.model_slug == slug, _predictions.c.status == constant(PredictionStatus.SUCCEEDED)
    )
    rows = session.execute(answered.order_by(_predictions.c.created_at.desc()).limit(limit))
    return [PastInputs(user_id=row.user_id, inputs=row.inputs) for row in rows]


def claim(session: Session, *, holder: str, now: datetime, until: datetime) -> Comparison | None:
    """The oldest that nobody is at; it is the holder's until then."""
    row = claim_oldest(session, _comparisons, _QUEUED, holder=holder, now=now, until=until)
    return None if row is None else Comparison.of(session, row)


def renew(session: Session, held: Comparison, *, holder: str, until: datetime) -> None:
    session.execute(update(_comparisons).where(*_mine(held, holder)).values(leased_until=until))


def settle(
    session: Session, held: Comparison, status: ComparisonStatus, report: JsonObject, *, holder: str, now: datetime
) -> bool:
    """False where somebody else has it now."""
    values = {"status": status, "report": report, "finished_at": now, "leased_by": None, "leased_until": None}
    ended = update(_comparisons).where(*_mine(held, holder)).values(values)
    row = session.execute(ended.returning(_comparisons.c.asked_by)).first()
    if row is None:
        return False
    if row.asked_by is not None:
        news = UploadCompared(version_id=held.version_id, at=now)
        outbox.put(session, news, user_id=row.asked_by, now=now)
    return True


def _of(version_id: UUID, against_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return _comparisons.c.version_id == version_id, _comparisons.c.against_id == against_id


def _mine(held: Comparison, holder: str) -> tuple[ColumnElement[bool], ...]:
    return *_of(held.version_id, held.against.id), _QUEUED, _comparisons.c.leased_by == holder
