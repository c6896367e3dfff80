"""Forecasts and judgements become rows; those of the list become entries of the chain, in the same transaction. Each
raises ClockBehind, and nothing is written then."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.forecasts import EntryKind, Forecast, ForecastOrigin, ForecastOutcome, OpenForecast
from db.upsert import insert_into
from services.forecasts.append import NewEntry, append, lock_chain
from services.forecasts.chain import forecast_text, judgement_text
from services.forecasts.entries import forecast_numbers
from services.forecasts.said import NewForecast

_forecasts, _open, _outcomes = table_of(Forecast), table_of(OpenForecast), table_of(ForecastOutcome)


def publish(session: Session, forecast: NewForecast, *, week: str, now: datetime) -> int | None:
    """Its number; None where this week's forecast of the paper is published already."""
    end = lock_chain(session, now)
    row = _columns(forecast, now) | {"origin": ForecastOrigin.LIST, "week": week}
    new = insert_into(session, _forecasts).values(row).on_conflict_do_nothing().returning(*_forecasts.c)
    found = session.execute(new).first()
    if found is None:
        return None
    _open_up(session, [found])
    entry = NewEntry(kind=EntryKind.FORECAST, forecast_id=found.id, text=lambda number: forecast_text(number, found))
    return append(session, end, [entry], now)


def keep(session: Session, forecasts: Mapping[UUID, NewForecast], now: datetime) -> None:
    """Those of customers' predictions, each once."""
    if not forecasts:
        return
    rows = [
        _columns(forecast, now) | {"origin": ForecastOrigin.CUSTOMER, "week": None, "prediction_id": prediction_id}
        for prediction_id, forecast in forecasts.items()
    ]
    new = insert_into(session, _forecasts).values(rows).on_conflict_do_nothing(index_elements=["prediction_id"])
    _open_up(session, session.execute(new.returning(*_forecasts.c)).all())


def write_judgements(session: Session, judged: Mapping[int, Sequence[JsonObject]], now: datetime) -> set[int]:
    """`judged`: rows of `outcomes` by forecast. Those that nobody has judged before are written; their ids."""
    due = (
        session.execute(_open.delete().where(_open.c.forecast_id.in_(judged)).returning(_open.c.forecast_id))
        .scalars()
        .all()
    )
    mine = sorted(due)
    if not mine:
        return set()
    rows = {each: [row | {"forecast_id": each, "judged_at": now} for row in judged[each]] for each in mine}
    session.execute(insert(_outcomes), [row for each in mine for row in rows[each]])
    numbers = forecast_numbers(session, mine)
    listed = [each for each in mine if each in numbers]
    if listed:
        _publish_judgements(session, {each: numbers[each] for each in listed}, rows, now)
    return set(mine)


def _publish_judgements(
    session: Session, numbers: Mapping[int, int], rows: Mapping[int, Sequence[JsonObject]], now: datetime
) -> None:
    """`numbers`: by which each forecast was published."""

    def entry(forecast_id: int) -> NewEntry:
        outcomes = [SimpleNamespace(**row) for row in rows[forecast_id]]
        return NewEntry(
            kind=EntryKind.JUDGEMENT,
            forecast_id=forecast_id,
            text=lambda number: judgement_text(number, numbers[forecast_id], outcomes),
        )

    append(session, lock_chain(session, now), [entry(each) for each in numbers], now)


def _columns(forecast: NewForecast, now: datetime) -> dict[str, Any]:  # Any: columns' values
    return {
        "model_slug": forecast.model_slug,
        "model_version": forecast.model_version,
        "model_sha256": forecast.model_sha256,
        **forecast.paper.columns,
        "last_day": forecast.last_day,
        "last_close": forecast.last_close,
        "horizon": forecast.horizon,
        "said": {"outcomes": [said.dump() for said in forecast.said]},
        "made_at": now,
    }


def _open_up(session: Session, rows: Sequence[AnyRow]) -> None:
    waiting = []
    for row in rows:
        due = due_on(row.last_day, row.horizon)
        waiting.append({"forecast_id": row.id, "due_on": due, "next_look_at": _midnight(due)})
    if waiting:
        session.execute(insert(_open), waiting)


def due_on(last_day: dt.date, horizon: int) -> dt.date:
    """So many trading days, five in a week, are over then, unless there were holidays."""
    return last_day + dt.timedelta(days=math.ceil(horizon * 7 / 5))


def _midnight(day: dt.date) -> datetime:
    return datetime.combine(day, dt.time(), dt.UTC)
