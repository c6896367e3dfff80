"""What is on the public list, and what was taken off it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.forecasts import Forecast, ForecastOrigin, ListedInstrument
from services.forecasts.missed import missed_weeks
from services.forecasts.schedule import ForecastSchedule

_listed, _forecasts = table_of(ListedInstrument), table_of(Forecast)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedView:
    """`forecasts`: how many were published of it; `missed`: weeks without one."""

    id: int
    model_slug: str
    symbol: str
    name: str
    exchange: str
    since: datetime
    until: datetime | None
    forecasts: int
    missed: int


def all_listed(session: Session, schedule: ForecastSchedule, now: datetime) -> list[ListedView]:
    """Those on it first, then those taken off, the latest first."""
    rows = session.execute(_views().order_by(_listed.c.until.is_not(None), _listed.c.until.desc(), _listed.c.id)).all()
    missed = missed_weeks(session, schedule, now)
    return [ListedView(**row._mapping, missed=missed[row.id]) for row in rows]


def one_listed(session: Session, listed_id: int, schedule: ForecastSchedule, now: datetime) -> ListedView:
    row = session.execute(_views().where(_listed.c.id == listed_id)).one()
    return ListedView(**row._mapping, missed=missed_weeks(session, schedule, now, only=listed_id)[listed_id])


def _views() -> Select[Any]:  # Any: rows of Core
    made = (
        select(func.count())
        .where(
            _forecasts.c.origin == ForecastOrigin.LIST,
            _forecasts.c.model_slug == _listed.c.model_slug,
            _forecasts.c.source_key == _listed.c.source_key,
            _forecasts.c.symbol == _listed.c.symbol,
        )
        .scalar_subquery()
    )
    columns = ("id", "model_slug", "symbol", "name", "exchange", "since", "until")
    return select(*(_listed.c[name] for name in columns), made.label("forecasts"))
