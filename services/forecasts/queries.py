"""One forecast and what came of it, to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import Forecast, ForecastOutcome, OpenForecast
from db.tables.predictions import Prediction
from db.tables.users import User
from services.errors import N_, ShopError
from services.forecasts.said import StatedOutcome, stated_in

_forecasts, _outcomes, _predictions = table_of(Forecast), table_of(ForecastOutcome), table_of(Prediction)
_open, _users = table_of(OpenForecast), table_of(User)


class ForecastNotFound(ShopError):
    message = N_("There is no such forecast.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeView:
    """`observed` in per cent; None where it is void."""

    said: StatedOutcome
    came: bool | None
    observed: float | None
    void: str | None

    @property
    def as_said(self) -> bool:
        """No fall, nothing worse than the bad case, an end inside the band."""
        return self.came is (self.said.event == "inside")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastEnd:
    """The last close of its time; `change` in per cent of the last that it knew, in whose measure `close` is."""

    day: date
    close: float
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastView:
    """`due_on`: while it waits, the first day on which it may be judged; then it has no outcomes. `until`: the day of
    the last close that judged it. `told`: its customer hears of it by itself."""

    id: int
    prediction_id: UUID
    model_slug: str
    symbol: str
    name: str
    last_day: date
    last_close: float
    horizon: int
    made_at: datetime
    due_on: date | None
    told: bool
    until: date | None
    outcomes: Sequence[OutcomeView]

    @property
    def end(self) -> ForecastEnd | None:
        """None before it, and of one that nothing was said of but the way there."""
        changes = [each.observed for each in self.outcomes if each.said.event != "drawdown"]
        found = next((each for each in changes if each is not None), None)
        if found is None or self.until is None:
            return None
        return ForecastEnd(day=self.until, close=self.last_close * (1 + found / 100), change=found)

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

    async def of_prediction(self, prediction_id: UUID, *, user_id: int) -> ForecastView | None:
        """Judged or waiting; None where the answer is not judged, or is another customer's."""
        return await self._db.read(_of_prediction, prediction_id, user_id)


_COLUMNS: Final = tuple(name for name in ForecastView.__slots__ if name not in {"until", "outcomes"})
_theirs = (
    select(_forecasts, _open.c.due_on, (~_users.c.outcomes_muted).label("told"))
    .join(_predictions, _predictions.c.id == _forecasts.c.prediction_id)
    .join(_users, _users.c.id == _predictions.c.user_id)
    .outerjoin(_open, _open.c.forecast_id == _forecasts.c.id)
)


def _judged(session: Session, forecast_id: int, user_id: int) -> ForecastView | None:
    wanted = _theirs.where(_forecasts.c.id == forecast_id, _predictions.c.user_id == user_id)
    view = _read(session, wanted)
    return view if view is not None and view.outcomes else None


def _of_prediction(session: Session, prediction_id: UUID, user_id: int) -> ForecastView | None:
    wanted = _theirs.where(_forecasts.c.prediction_id == prediction_id, _predictions.c.user_id == user_id)
    return _read(session, wanted)


def _read(session: Session, wanted: Select[Any]) -> ForecastView | None:  # Any: all columns
    row = session.execute(wanted).first()
    if row is None:
        return None
    outcomes = session.execute(select(_outcomes).where(_outcomes.c.forecast_id == row.id)).all()
    return _view(row, {each.name: each for each in outcomes})


def _view(row: AnyRow, outcomes: dict[str, AnyRow]) -> ForecastView:
    said = stated_in(row.said)
    views = [
        OutcomeView(said=each, came=found.came, observed=found.observed, void=found.void)
        for each in said
        if (found := outcomes.get(each.name)) is not None
    ]
    until = max((each.until for each in outcomes.values() if each.until is not None), default=None)
    return ForecastView(**{name: getattr(row, name) for name in _COLUMNS}, until=until, outcomes=views)
