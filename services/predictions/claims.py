"""Claims on the table `predictions`: who may run a row, and until when. The same statements on both databases; on
PostgreSQL rows locked by another worker are skipped, on SQLite there is one writer.

A claim is known by its worker and its number: `attempts` grows with each, so what an earlier one brings is refused.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Update, bindparam, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.tables.models import Model
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import User
from services.inference.tensors import RunProgress

_p, _models, _users = table_of(Prediction), table_of(Model), table_of(User)

QUEUED = _p.c.status == constant(PredictionStatus.QUEUED)
RUNNING = _p.c.status == constant(PredictionStatus.RUNNING)

CLAIMED = (_p.c.id, _p.c.user_id, _p.c.model_slug, _p.c.attempts, _p.c.price, _p.c.created_at)
"""What is known of a claimed row, but for its inputs."""

# Statements are built once: building and hashing one costs more than SQLite takes to run it.
_waiting = select(_p.c.model_slug).where(QUEUED, _p.c.available_at <= bindparam("now")).distinct()
_due = (
    select(_p.c.id)
    .where(QUEUED, _p.c.model_slug == bindparam("slug"), _p.c.available_at <= bindparam("now"))
    .order_by(_p.c.available_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("due")  # evaluated once; a subquery may be run again by PostgreSQL, and then finds more
)
_claim = (
    update(_p)
    .where(_p.c.id.in_(select(_due.c.id)))
    .values(
        status=PredictionStatus.RUNNING,
        attempts=_p.c.attempts + 1,
        started_at=bindparam("now"),
        leased_until=bindparam("lease_until"),
        leased_by=bindparam("worker"),
        progress=None,
    )
    .returning(*CLAIMED, _p.c.inputs)
)
# Neither is ordered by id: SQLite would rather walk all predictions in that order than sort the few that run. Nobody
# but their worker waits for a lock on them, so the order of locks is free.
_held = (
    select(_p.c.id, _p.c.attempts)
    .where(RUNNING, _p.c.leased_by == bindparam("worker"), _p.c.model_slug == bindparam("slug"))
    .with_for_update()
)
_unwanted = select(_p.c.id).where(
    RUNNING,
    _p.c.leased_by == bindparam("worker"),
    _p.c.model_slug == bindparam("slug"),
    _p.c.cancel_requested_at.is_not(None),
)
_come = (
    update(_p)
    .where(_p.c.id == bindparam("row"), RUNNING, _p.c.leased_by == bindparam("holder"))
    .values(progress=bindparam("told", type_=_p.c.progress.type))
)
_overdue = (
    select(*CLAIMED)
    .where(RUNNING, _p.c.leased_until < bindparam("now"))
    .order_by(_p.c.leased_until)
    .limit(bindparam("limit"))
)


def waiting_models(session: Session, now: datetime) -> list[str]:
    """Slugs that have rows to run."""
    return list(session.connection().scalars(_waiting, {"now": now}))


def claim(
    session: Session, *, model_slug: str, limit: int, now: datetime, lease_until: datetime, worker: str
) -> Sequence[AnyRow]:
    """Take up to `limit` queued rows of a model, oldest first."""
    facts = {"slug": model_slug, "limit": limit, "now": now, "lease_until": lease_until, "worker": worker}
    return session.connection().execute(_claim, facts).all()


def held(session: Session, *, worker: str, model_slug: str) -> dict[UUID, int]:
    """What this worker holds of a model, with the number of each claim; locked until the transaction ends."""
    rows = session.connection().execute(_held, {"worker": worker, "slug": model_slug})
    return {row.id: row.attempts for row in rows}


def renew(session: Session, ids: Sequence[UUID], *, worker: str, lease_until: datetime) -> None:
    session.execute(
        update(_p).where(_p.c.id.in_(ids), RUNNING, _p.c.leased_by == worker).values(leased_until=lease_until)
    )


def requeue(session: Session, prediction_id: UUID, *, available_at: datetime, attempts: int) -> None:
    """Back to the queue, to be run not before `available_at`; `attempts` are those it has had."""
    _release(
        session,
        update(_p).where(_p.c.id == prediction_id, RUNNING).values(available_at=available_at, attempts=attempts),
    )


def give_back(session: Session, *, worker: str) -> None:
    """All that this worker holds: back to the queue, as if it had never been claimed."""
    _release(session, update(_p).where(RUNNING, _p.c.leased_by == worker).values(attempts=_p.c.attempts - 1))


def overdue(session: Session, now: datetime, limit: int = 100) -> Sequence[AnyRow]:
    """Rows whose worker has not been heard of, locked."""
    locked = _overdue.with_for_update(skip_locked=True)
    return session.execute(locked, {"now": now, "limit": limit}).all()


def canceled(session: Session, *, worker: str, model_slug: str) -> list[UUID]:
    """What this worker holds of a model and its customers want no more."""
    return list(session.connection().scalars(_unwanted, {"worker": worker, "slug": model_slug}))


def unwanted(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Those of these that their customers have canceled."""
    return set(session.scalars(select(_p.c.id).where(_p.c.id.in_(ids), _p.c.cancel_requested_at.is_not(None))))


def note_progress(session: Session, progress: Mapping[UUID, RunProgress], *, worker: str) -> None:
    """How far what this worker holds has come."""
    rows = [
        {"row": row, "holder": worker, "told": {"ahead": come.ahead, "percent": come.percent}}
        for row, come in sorted(progress.items())
    ]
    session.connection().execute(_come, rows)


def languages(session: Session, users: Collection[int]) -> dict[int, str]:
    """Of these users."""
    rows = session.execute(select(_users.c.id, _users.c.language).where(_users.c.id.in_(users)))
    return {row.id: row.language for row in rows}


def any_overdue(session: Session, now: datetime) -> bool:
    return session.execute(_overdue, {"now": now, "limit": 1}).first() is not None


def abandoned(session: Session, before: datetime, limit: int = 100) -> Sequence[AnyRow]:
    """Rows sold before that time whose model has left the shop since, or has rested since, locked."""
    gone = ~_models.c.present | (_models.c.resting_since < before)
    return session.execute(
        select(*CLAIMED)
        .join(_models, _models.c.slug == _p.c.model_slug)
        .where(QUEUED, gone, _p.c.created_at < before)
        .limit(limit)
        .with_for_update(skip_locked=True, of=_p)
    ).all()


def _release(session: Session, statement: Update) -> None:
    session.execute(statement.values(status=PredictionStatus.QUEUED, leased_until=None, leased_by=None))
