"""Checks, trials and comparisons of uploads that nobody gets on with."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import constant, table_of
from db.tables.models import ComparisonStatus, ModelComparison, ModelTrial, ModelVersion, TrialStatus, VersionStatus
from services.stuck import LATE, Stuck

_WAITING: Final = (
    (table_of(ModelVersion), VersionStatus.RECEIVED),
    (table_of(ModelTrial), TrialStatus.QUEUED),
    (table_of(ModelComparison), ComparisonStatus.QUEUED),
)
_open = [
    select(table.c.created_at, table.c.leased_until).where(table.c.status == constant(status))
    for table, status in _WAITING
]


def stuck_uploads(session: Session, now: datetime) -> Stuck:
    """Whose worker is dead and nobody goes on, or that wait while no other of their kind is worked on."""
    since: list[datetime] = []
    for of_kind in _open:
        rows = session.execute(of_kind).all()
        if not any(row.leased_until is not None and row.leased_until >= now for row in rows):
            since += [at for row in rows if (at := row.leased_until or row.created_at) < now - LATE]
    return Stuck.of(since, now)
