"""Claims on the table `scorings`: who may go on with one, and until when. Whoever brings answers has to hold it still,
at the very row where they begin."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, and_, case, exists, insert, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from db.base import table_of
from db.tables.models import Model
from db.tables.predictions import FileKind
from db.tables.scorings import ScoringPart, ScoringStatus
from services.files import files
from services.files.files import StoredFile
from services.scoring.queries import UNFINISHED, ScoringView, scorings, view_of

parts: Final = table_of(ScoringPart)
_models, _other = table_of(Model), scorings.alias("other")
_QUEUED = scorings.c.status == ScoringStatus.QUEUED
RUNNING = scorings.c.status == ScoringStatus.RUNNING
_ONE_LESS = case((scorings.c.attempts > 0, scorings.c.attempts - 1), else_=0)  # it may have got on since its claim


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedScoring:
    """`attempts`: since it got on last, with this one."""

    view: ScoringView
    attempts: int


def claim(
    session: Session,
    *,
    slugs: Collection[str],
    held: Collection[UUID],
    worker: str,
    now: datetime,
    lease_until: datetime,
) -> ClaimedScoring | None:
    """The oldest that waits, of these models; one of each customer at a time. `held`: those that this worker has."""
    first = (
        select(scorings.c.id)
        .where(_is_due(now), scorings.c.model_slug.in_(slugs), scorings.c.id.not_in(held), ~_has_another(now))
        .order_by(scorings.c.available_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("first")
    )
    row = session.execute(_taken(first, worker, lease_until)).first()
    if row is None:
        return None
    if row.started_at is None:
        session.execute(update(scorings).where(scorings.c.id == row.id).values(started_at=now))
    return ClaimedScoring(view=view_of(row), attempts=row.attempts)


def claim_abandoned(
    session: Session, *, before: datetime, worker: str, now: datetime, lease_until: datetime
) -> ClaimedScoring | None:
    """One that is to end with what it has: nobody wants the rest, or its model has left the shop, or has rested, since
    `before`."""
    gone = ~_models.c.present | (_models.c.resting_since < before)
    models = select(_models.c.slug).where(gone)
    # since it was ordered, or since a worker last had it
    waited = or_(and_(_QUEUED, scorings.c.available_at < before), and_(RUNNING, scorings.c.leased_until < before))
    hopeless = and_(scorings.c.model_slug.in_(models), waited)
    first = (
        select(scorings.c.id)
        .where(_is_due(now), or_(scorings.c.cancel_requested_at.is_not(None), hopeless))
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("first")
    )
    row = session.execute(_taken(first, worker, lease_until)).first()
    return None if row is None else ClaimedScoring(view=view_of(row), attempts=row.attempts)


def _taken(first: CTE, worker: str, lease_until: datetime) -> ReturningUpdate[Any]:  # Any: rows
    values = {
        "status": ScoringStatus.RUNNING,
        "attempts": scorings.c.attempts + 1,
        "leased_until": lease_until,
        "leased_by": worker,
    }
    return update(scorings).where(scorings.c.id.in_(select(first.c.id))).values(values).returning(scorings)


def advance(
    session: Session,
    view: ScoringView,
    answered: StoredFile,
    *,
    rows: int,
    failed: int,
    worker: str,
    now: datetime,
    lease_until: datetime,
) -> ScoringView | None:
    """The rows from `view.done` on are done: their answers are kept. None where somebody else has it now."""
    values = {
        "done_rows": view.done + rows,
        "failed_rows": scorings.c.failed_rows + failed,
        "attempts": 0,
        "leased_until": lease_until,
    }
    here = _held_by(worker, view.id) & (scorings.c.done_rows == view.done)
    row = session.execute(update(scorings).where(here).values(values).returning(scorings)).first()
    if row is None:
        return None
    files.add(session, answered, user_id=row.user_id, kind=FileKind.TABLE, now=now)
    session.execute(insert(parts), {"scoring_id": view.id, "start": view.done, "rows": rows, "file_id": answered.id})
    return view_of(row)


def renew(session: Session, ids: Collection[UUID], *, worker: str, lease_until: datetime) -> None:
    mine = scorings.c.id.in_(ids) & RUNNING & (scorings.c.leased_by == worker)
    session.execute(update(scorings).where(mine).values(leased_until=lease_until))


def release(session: Session, scoring_id: UUID, *, worker: str, available_at: datetime, tried: bool) -> None:
    """Back to the queue. `tried`: the attempt counts."""
    values = {"status": ScoringStatus.QUEUED, "available_at": available_at, "leased_until": None, "leased_by": None}
    if not tried:
        values["attempts"] = _ONE_LESS
    session.execute(update(scorings).where(_held_by(worker, scoring_id)).values(values))


def give_back(session: Session, *, worker: str, now: datetime) -> None:
    """All that this worker holds, as if it had never been claimed."""
    values = {"status": ScoringStatus.QUEUED, "available_at": now, "leased_until": None, "leased_by": None}
    mine = RUNNING & (scorings.c.leased_by == worker)
    session.execute(update(scorings).where(mine).values(values | {"attempts": _ONE_LESS}))


def hold_for_end(session: Session, scoring_id: UUID, worker: str) -> ScoringView | None:
    """As it stands, locked; None where somebody else has it now."""
    row = session.execute(select(scorings).where(_held_by(worker, scoring_id)).with_for_update()).first()
    return None if row is None else view_of(row)


def parts_of(session: Session, scoring_id: UUID) -> list[UUID]:
    """Files with the answers, in the order of their rows."""
    asked = select(parts.c.file_id).where(parts.c.scoring_id == scoring_id).order_by(parts.c.start)
    return list(session.scalars(asked))


def _held_by(worker: str, scoring_id: UUID) -> ColumnElement[bool]:
    return (scorings.c.id == scoring_id) & RUNNING & (scorings.c.leased_by == worker)


def _is_due(now: datetime) -> ColumnElement[bool]:
    late = and_(RUNNING, scorings.c.leased_until < now)
    return or_(and_(_QUEUED, scorings.c.available_at <= now), late)


def _has_another(now: datetime) -> ColumnElement[bool]:
    """Of the same customer, which is being worked on."""
    runs = (_other.c.status == ScoringStatus.RUNNING) & (_other.c.leased_until >= now)
    return exists().where(_other.c.user_id == scorings.c.user_id, _other.c.id != scorings.c.id, runs)


def version_on_sale(session: Session, slug: str) -> str | None:
    return session.scalar(select(_models.c.version).where(_models.c.slug == slug, _models.c.present))


def any_open(session: Session) -> bool:
    return session.execute(select(scorings.c.id).where(scorings.c.status.in_(UNFINISHED)).limit(1)).first() is not None
