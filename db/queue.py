"""Claims on the table `predictions`: who may run a row, and until when. The same statements on both databases; on
PostgreSQL rows locked by another worker are skipped, on SQLite there is one writer."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.predictions import Prediction, PredictionStatus

_p = table_of(Prediction)
_queued = _p.c.status == PredictionStatus.QUEUED
_running = _p.c.status == PredictionStatus.RUNNING


def waiting_models(session: Session, now: datetime) -> list[str]:
    """Slugs that have rows to run."""
    return list(session.scalars(select(_p.c.model_slug).where(_queued, _p.c.available_at <= now).distinct()))


def claim(
    session: Session, *, model_slug: str, limit: int, now: datetime, lease_until: datetime, worker: str
) -> Sequence[AnyRow]:
    """Take up to `limit` queued rows of a model, oldest first."""
    due = (
        select(_p.c.id)
        .where(_queued, _p.c.model_slug == model_slug, _p.c.available_at <= now)
        .order_by(_p.c.available_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.execute(
        update(_p)
        .where(_p.c.id.in_(due.scalar_subquery()))
        .values(
            status=PredictionStatus.RUNNING,
            attempts=_p.c.attempts + 1,
            started_at=now,
            leased_until=lease_until,
            leased_by=worker,
        )
        .returning(_p.c.id, _p.c.user_id, _p.c.model_slug, _p.c.inputs, _p.c.attempts, _p.c.price)
    ).all()


def held(session: Session, ids: Sequence[UUID], worker: str) -> set[UUID]:
    """Which of `ids` this worker still holds; they are locked until the transaction ends."""
    mine = select(_p.c.id).where(_p.c.id.in_(ids), _running, _p.c.leased_by == worker).order_by(_p.c.id)
    return set(session.scalars(mine.with_for_update()))


def renew(session: Session, ids: Sequence[UUID], *, worker: str, lease_until: datetime) -> None:
    session.execute(
        update(_p).where(_p.c.id.in_(ids), _running, _p.c.leased_by == worker).values(leased_until=lease_until)
    )


def requeue(session: Session, ids: Sequence[UUID], *, available_at: datetime, attempts_back: int = 0) -> None:
    """Back to the queue, to be run not before `available_at`."""
    session.execute(
        update(_p)
        .where(_p.c.id.in_(ids), _running)
        .values(
            status=PredictionStatus.QUEUED,
            available_at=available_at,
            leased_until=None,
            leased_by=None,
            attempts=_p.c.attempts - attempts_back,
        )
    )


def overdue(session: Session, now: datetime, limit: int = 100) -> Sequence[AnyRow]:
    """Rows whose worker has not been heard of, locked."""
    return session.execute(
        select(_p.c.id, _p.c.user_id, _p.c.model_slug, _p.c.attempts, _p.c.price)
        .where(_running, _p.c.leased_until < now)
        .order_by(_p.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def any_overdue(session: Session, now: datetime) -> bool:
    return session.scalar(select(_p.c.id).where(_running, _p.c.leased_until < now).limit(1)) is not None


def take_over(session: Session, prediction_id: UUID, *, worker: str) -> None:
    """Make an overdue row this worker's, so that the dead one cannot settle it any more."""
    session.execute(update(_p).where(_p.c.id == prediction_id, _running).values(leased_by=worker))
