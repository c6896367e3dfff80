"""Weeks in which a paper of the list had no forecast: a record with holes is told with its holes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.forecasts import Forecast, ForecastOrigin, ListedInstrument
from services.forecasts.schedule import ForecastSchedule, ForecastWeek

_listed, _forecasts = table_of(ListedInstrument), table_of(Forecast)


def missed_weeks(
    session: Session, schedule: ForecastSchedule, now: datetime, *, only: int | None = None
) -> dict[int, int]:
    """By paper of the list (its row), or of one: of the weeks that are over, at whose moment it was on the list, as the
    schedule is today. Who takes it off after that moment does not hide that there was none."""
    wanted = select(_listed) if only is None else select(_listed).where(_listed.c.id == only)
    rows = session.execute(wanted).all()
    over = schedule.past_weeks(min((row.since for row in rows), default=now), now)
    return {row.id: _missed(session, row, over, now) for row in rows}


def _missed(session: Session, row: AnyRow, over: Sequence[ForecastWeek], now: datetime) -> int:
    weeks = [week for week in over if row.since <= week.fire < (row.until or now)]
    if not weeks:
        return 0
    made = select(_forecasts.c.week).where(
        _forecasts.c.origin == ForecastOrigin.LIST,
        _forecasts.c.model_slug == row.model_slug,
        _forecasts.c.source_key == row.source_key,
        _forecasts.c.symbol == row.symbol,
        _forecasts.c.week.between(weeks[0].name, weeks[-1].name),
    )
    return len({week.name for week in weeks} - set(session.scalars(made)))
