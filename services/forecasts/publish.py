"""Forecasts and judgements become rows; those of the list become entries of the chain, in the same transaction."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.forecasts import (
    ChainEntry,
    ChainHead,
    EntryKind,
    Forecast,
    ForecastOrigin,
    ForecastOutcome,
    OpenForecast,
)
from db.upsert import insert_into
from services.forecasts.chain import GENESIS, forecast_text, judgement_text, next_hash
from services.forecasts.entries import forecast_numbers
from services.forecasts.said import NewForecast

_forecasts, _open, _outcomes = table_of(Forecast), table_of(OpenForecast), table_of(ForecastOutcome)
_entries, _head = table_of(ChainEntry), table_of(ChainHead)


def publish(session: Session, forecast: NewForecast, *, week: str, now: datetime) -> int | None:
    """Its number; None where this week's forecast of the paper is published already."""
    number, previous = _lock_head(session)
    row = _columns(forecast, now) | {"origin": ForecastOrigin.LIST, "week": week}
    new = insert_into(session, _forecasts).values(row).on_conflict_do_nothing().returning(*_forecasts.c)
    found = session.execute(new).first()
    if found is None:
        return None
    _open_up(session, [found])
    _append(session, EntryKind.FORECAST, found.id, number + 1, next_hash(previous, forecast_text(number + 1, found)))
    return number + 1


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
        _publish_judgements(session, listed, numbers, rows)
    return set(mine)


def _publish_judgements(
    session: Session, listed: Sequence[int], numbers: Mapping[int, int], rows: Mapping[int, Sequence[JsonObject]]
) -> None:
    number, last = _lock_head(session)
    entries = []
    for each in listed:
        number += 1
        last = next_hash(last, judgement_text(number, numbers[each], [SimpleNamespace(**row) for row in rows[each]]))
        entries.append({"number": number, "kind": EntryKind.JUDGEMENT, "forecast_id": each, "hash": last})
    session.execute(insert(_entries), entries)
    session.execute(update(_head).values(length=number, hash=last))


def _lock_head(session: Session) -> tuple[int, str]:
    first = {"id": 1, "length": 0, "hash": GENESIS}
    session.execute(insert_into(session, _head).values(first).on_conflict_do_nothing())
    head = session.execute(select(_head.c.length, _head.c.hash).with_for_update()).one()
    return head.length, head.hash


def _append(session: Session, kind: EntryKind, forecast_id: int, number: int, digest: str) -> None:
    entry = {"number": number, "kind": kind, "forecast_id": forecast_id, "hash": digest}
    session.execute(insert(_entries), entry)
    session.execute(update(_head).values(length=number, hash=digest))


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
