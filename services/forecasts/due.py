"""Forecasts whose horizon may have passed: which, and what their rows hold. Transactions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.forecasts import Forecast, ForecastOrigin, OpenForecast, VoidReason
from db.tables.predictions import Prediction
from db.tables.users import User
from services.forecasts import publish
from services.notifications import outbox
from services.notifications.kinds.forecasts import ForecastJudged
from services.notifications.kinds.news import News

_forecasts, _open = table_of(Forecast), table_of(OpenForecast)
_predictions, _users = table_of(Prediction), table_of(User)
LOOK_AGAIN: Final = timedelta(hours=6)
VOID_AFTER: Final = timedelta(days=30)
SILENT_AFTER: Final = timedelta(days=90)
SEEN_FOR: Final = timedelta(days=7)
SILENT_FOR: Final = timedelta(days=30)
"""So long looks must have found it so: a shop that was off for months meets an exchange that is out of order for an
hour."""
LOOKS_APART: Final = timedelta(days=3)
"""After a longer pause between two looks it is counted anew."""
AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePaper:
    """Some of its forecasts are due, the oldest of them made of closes up to `first_day`."""

    source_key: str
    symbol: str
    source: JsonObject
    first_day: date


def due_papers(session: Session, now: datetime) -> Sequence[DuePaper]:
    oldest = (
        select(
            _forecasts.c.source_key,
            _forecasts.c.symbol,
            func.min(_forecasts.c.last_day).label("first_day"),
            func.max(_forecasts.c.id).label("newest"),
        )
        .join(_open, _open.c.forecast_id == _forecasts.c.id)
        .where(_open.c.next_look_at <= now)
        .group_by(_forecasts.c.source_key, _forecasts.c.symbol)
        .subquery()
    )
    wanted = (
        select(oldest.c.source_key, oldest.c.symbol, oldest.c.first_day, _forecasts.c.source)
        .join(_forecasts, _forecasts.c.id == oldest.c.newest)
        .order_by(oldest.c.source_key, oldest.c.symbol)
    )
    return [DuePaper(**row._mapping) for row in session.execute(wanted)]


def claim(session: Session, paper: DuePaper, now: datetime) -> Sequence[AnyRow]:
    """Some of its forecasts, with what is noted of their waiting, and who looks at them next looks later. Whoever
    judges them first does."""
    due = (
        select(_open.c.forecast_id)
        .join(_forecasts, _forecasts.c.id == _open.c.forecast_id)
        .where(
            _open.c.next_look_at <= now,
            _forecasts.c.source_key == paper.source_key,
            _forecasts.c.symbol == paper.symbol,
        )
        .order_by(_open.c.forecast_id)
        .limit(AT_ONCE)
    )
    later = update(_open).where(_open.c.forecast_id.in_(due)).values(next_look_at=now + LOOK_AGAIN)
    mine = session.scalars(later.returning(_open.c.forecast_id)).all()
    wanted = (
        select(_forecasts, _open.c.due_on, _open.c.unjudgeable_since, _open.c.unjudgeable_as, _open.c.unjudgeable_at)
        .join(_open, _open.c.forecast_id == _forecasts.c.id)
        .where(_forecasts.c.id.in_(mine))
        .order_by(_forecasts.c.id)
    )
    return session.execute(wanted).all()


def note_seen(session: Session, seen: Mapping[int, VoidReason | None], now: datetime) -> None:
    """Why each could not be judged by this look, and since when that has been so; None: its time has not come."""
    for reason in set(seen.values()):
        mine = _open.c.forecast_id.in_([each for each, why in seen.items() if why is reason])
        lately = (_open.c.unjudgeable_as == reason) & (_open.c.unjudgeable_at >= now - LOOKS_APART)
        since = case((lately, _open.c.unjudgeable_since), else_=now)
        told = {"unjudgeable_since": since, "unjudgeable_as": reason, "unjudgeable_at": now}
        told = dict.fromkeys(told) if reason is None else told
        session.execute(update(_open).where(mine).values(told))


def is_late(row: AnyRow, reason: VoidReason, now: datetime) -> bool:
    """It has been waited for, and was seen to be so: what is not there by now will not come."""
    silent = reason is VoidReason.SILENT
    limit: date = row.due_on + (SILENT_AFTER if silent else VOID_AFTER)
    if now.date() <= limit or row.unjudgeable_as != reason or now - row.unjudgeable_at > LOOKS_APART:
        return False
    since: datetime = row.unjudgeable_since
    return now - since >= (SILENT_FOR if silent else SEEN_FOR)


def write(session: Session, judged: dict[int, Sequence[JsonObject]], now: datetime) -> int:
    """How many were judged by this."""
    mine = publish.write_judgements(session, judged, now)
    if news := _news(session, mine):
        outbox.put_many(session, news, now)
    return len(mine)


def _news(session: Session, forecast_ids: set[int]) -> list[tuple[int, News]]:
    """To customers who are here and want to know."""
    wanted = (
        select(_predictions.c.user_id, _forecasts.c.id)
        .join(_predictions, _predictions.c.id == _forecasts.c.prediction_id)
        .join(_users, _users.c.id == _predictions.c.user_id)
        .where(
            _forecasts.c.id.in_(forecast_ids),
            _forecasts.c.origin == ForecastOrigin.CUSTOMER,
            ~_users.c.outcomes_muted,
            _users.c.deleted_at.is_(None),
            _users.c.disabled_at.is_(None),
        )
        .order_by(_forecasts.c.id)
    )
    return [(row.user_id, ForecastJudged(forecast_id=row.id)) for row in session.execute(wanted)]
