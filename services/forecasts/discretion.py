"""Which of customers' forecasts the public record tells, so that nobody's purchase can be read out of its changes: each
that says the same once, and whole steps of them."""

from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.forecasts import Forecast, ForecastOrigin, ForecastOutcome
from services.forecasts.figures import ENOUGH

STEP: Final = ENOUGH
"""Figures become others after so many more."""
_forecasts, _outcomes = table_of(Forecast), table_of(ForecastOutcome)


def counted_once(slug: str) -> Select[Any]:  # Any: ids
    """However often a paper was bought on the same closes, it is one forecast."""
    return (
        select(func.min(_forecasts.c.id))
        .where(_forecasts.c.model_slug == slug, _forecasts.c.origin == ForecastOrigin.CUSTOMER)
        .group_by(
            _forecasts.c.model_version,
            _forecasts.c.source_key,
            _forecasts.c.symbol,
            _forecasts.c.last_day,
        )
    )


def told_of_customers(session: Session, slug: str) -> Select[Any]:  # Any: as above
    """The first that were judged, in whole steps."""
    judged = (
        select(_outcomes.c.forecast_id, func.min(_outcomes.c.judged_at).label("judged_at"))
        .where(_outcomes.c.forecast_id.in_(counted_once(slug)))
        .group_by(_outcomes.c.forecast_id)
        .having(func.max(_outcomes.c.void).is_(None))  # whole
        .subquery()
    )
    count = session.scalar(select(func.count()).select_from(judged)) or 0
    return select(judged.c.forecast_id).order_by(judged.c.judged_at, judged.c.forecast_id).limit(count // STEP * STEP)
