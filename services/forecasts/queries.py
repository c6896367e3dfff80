"""One forecast and what came of it, to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import Forecast, ForecastOutcome
from db.tables.predictions import Prediction
from services.errors import N_, ShopError
from services.forecasts.said import StatedOutcome, stated_in

_forecasts, _outcomes, _predictions = table_of(Forecast), table_of(ForecastOutcome), table_of(Prediction)


class ForecastNotFound(ShopError):
    message = N_("There is no such forecast.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeView:
    """`observed` in per cent; None where it is void."""

    said: StatedOutcome
    came: bool | None
    observed: float | None
    void: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastView:
    id: int
    prediction_id: UUID
    model_slug: str
    symbol: str
    name: str
    last_day: date
    last_close: float
    horizon: int
    made_at: datetime
    until: date | None
    outcomes: Sequence[OutcomeView]

    @property
    def void(self) -> str | None:
        """Of a forecast of which nothing can be said."""
        reasons = [outcome.void for outcome in self.outcomes]
        return reasons[0] if reasons and None not in reasons else None


class ForecastQueries:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def judged(self, forecast_id: int, *, user_id: int) -> ForecastView:
        """A customer's own. Raises `ForecastNotFound`, also where nothing came of it yet."""
        view = await self._db.read(_judged, forecast_id, user_id)
        if view is None:
            raise ForecastNotFound(forecast_id=forecast_id)
        return view


def _judged(session: Session, forecast_id: int, user_id: int) -> ForecastView | None:
    wanted = (
        select(_forecasts)
        .join(_predictions, _predictions.c.id == _forecasts.c.prediction_id)
        .where(_forecasts.c.id == forecast_id, _predictions.c.user_id == user_id)
    )
    row = session.execute(wanted).first()
    outcomes = session.execute(select(_outcomes).where(_outcomes.c.forecast_id == forecast_id)).all()
    return None if row is None or not outcomes else _view(row, {each.name: each for each in outcomes})


def _view(row: AnyRow, outcomes: dict[str, AnyRow]) -> ForecastView:
    said = stated_in(row.said)
    views = [
        OutcomeView(said=each, came=found.came, observed=found.observed, void=found.void)
        for each in said
        if (found := outcomes.get(each.name)) is not None
    ]
    names = ("id", "prediction_id", "model_slug", "symbol", "name", "last_day", "last_close", "horizon", "made_at")
    until = max((each.until for each in outcomes.values() if each.until is not None), default=None)
    return ForecastView(**{name: getattr(row, name) for name in names}, until=until, outcomes=views)
