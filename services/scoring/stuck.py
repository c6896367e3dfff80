"""Tables that were ordered and that nobody gets on with."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.tables.models import Model
from db.tables.predictions import File
from db.tables.scorings import ScoringStatus
from services.scoring.claims import parts
from services.scoring.queries import UNFINISHED, scorings
from services.stuck import LATE, Stuck

STILL: Final = timedelta(hours=1)  # at one place: longer than anybody waits for a server
_models, _files = table_of(Model), table_of(File)
_open = (
    select(
        *(scorings.c[name] for name in ("id", "status", "leased_until", "available_at", "started_at")),
        (_models.c.present & _models.c.resting_since.is_(None)).label("served"),
    )
    .join(_models, _models.c.slug == scorings.c.model_slug)
    .where(scorings.c.status.in_([constant(each) for each in UNFINISHED]))
)
_moved = (
    select(parts.c.scoring_id, func.max(_files.c.created_at).label("at"))
    .join(_files, _files.c.id == parts.c.file_id)
    .join(scorings, scorings.c.id == parts.c.scoring_id)
    .where(scorings.c.status == constant(ScoringStatus.RUNNING))
    .group_by(parts.c.scoring_id)
)


def stuck_tables(session: Session, now: datetime) -> Stuck:
    """Whose worker is dead and nobody goes on, that stand still in a worker's hands, or wait while no table is worked
    on. What waits for a model that rests, or behind others, is not stuck."""
    rows = session.execute(_open).all()
    running = [row for row in rows if row.status == ScoringStatus.RUNNING]
    held = [row for row in running if row.leased_until >= now]
    moved = {row.scoring_id: row.at for row in session.execute(_moved)} if held else {}
    since = [row.leased_until for row in running if row.leased_until < now - LATE]
    since += [at for row in held if (at := moved.get(row.id, row.started_at)) < now - STILL]
    if not held:
        since += [row.available_at for row in rows if _waits(row) and row.available_at < now - LATE]
    return Stuck.of(since, now)


def _waits(row: AnyRow) -> bool:
    return row.status == ScoringStatus.QUEUED and bool(row.served)
