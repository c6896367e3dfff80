"""The chain of what was published, computed anew: the first number that is missing, or is not as it was."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.forecasts import (
    ChainEntry,
    ChainHead,
    EntryKind,
    Forecast,
    ForecastOrigin,
    ForecastOutcome,
    ListedInstrument,
    OpenForecast,
)
from services.clock import Clock, system_clock
from services.forecasts.append import CLOCKS_DIFFER
from services.forecasts.bins import bin_of
from services.forecasts.chain import GENESIS, next_hash
from services.forecasts.entries import EntryRows, entries_after
from services.forecasts.publish import due_on
from services.forecasts.said import StatedOutcome, load_source, source_key, stated_in

_forecasts, _outcomes = table_of(Forecast), table_of(ForecastOutcome)
_entries, _head, _open = table_of(ChainEntry), table_of(ChainHead), table_of(OpenForecast)
_listed = table_of(ListedInstrument)
DAY: Final = timedelta(days=1)
"""A day of a zone is a day of UTC, or one beside it."""
LATEST_LOOK: Final = timedelta(days=7)
"""Nobody puts a look off for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainProof:
    """`wrong`: what the first wrong entry is, as an operator reads it; None where all of it holds."""

    entries: int
    wrong: str | None


def verify_chain(session: Session, clock: Clock = system_clock) -> ChainProof:
    head = session.execute(select(_head.c.length, _head.c.hash)).first()
    count = session.scalar(select(func.count()).select_from(_entries)) or 0
    if head is None:
        wrong = "the head of the chain is missing" if count else _unpublished(session, clock())
        return ChainProof(entries=count, wrong=wrong)
    return ChainProof(entries=count, wrong=_first_wrong(session, head) or _unpublished(session, clock()))


def _first_wrong(session: Session, head: AnyRow) -> str | None:
    number, last, at = 0, GENESIS, datetime.fromtimestamp(0, UTC)
    while batch := entries_after(session, number):
        for rows in batch:
            number += 1
            if rows.entry.number != number:
                return f"number={number}: it is missing"
            if (problem := _problem(rows, last) or _wrong_time(rows, at)) is not None:
                return f"number={number} kind={rows.entry.kind} {_name(rows.entry)}: {problem}"
            last, at = rows.entry.hash, rows.entry.at
    if number < head.length:
        return f"number={number + 1}: it is missing"
    if (number, last) != (head.length, head.hash):
        return f"number={head.length}: the head of the chain says that it ends there, with another hash"
    return None


def _problem(rows: EntryRows, last: str) -> str | None:
    row = rows.listed if rows.forecast is None else rows.forecast
    if row is None:
        return "its row is missing"
    if (text := rows.text) is None:
        return "its outcomes are missing" if rows.listed is None else "its paper was never put on the list"
    if next_hash(last, text) != rows.entry.hash:
        return "it is not as it was published"
    return _wrong_beside(rows, row)


def _wrong_beside(rows: EntryRows, row: AnyRow) -> str | None:
    """What the text leaves out. `row`: of the forecast, or of the paper on the list."""
    if rows.forecast is not None and row.origin != ForecastOrigin.LIST:
        return "its forecast is not of the list any more"
    if not _is_source(json.dumps(row.source, sort_keys=True), row.source_key):
        return "its prices would be asked from another source"
    judged = rows.forecast if rows.entry.kind == EntryKind.JUDGEMENT else None
    if judged is not None and not _follows(judged, rows.outcomes):
        return "its outcomes are not of what the forecast said"
    return None


@lru_cache
def _is_source(told: str, key: str) -> bool:
    try:
        return source_key(load_source(json.loads(told))) == key
    except ValueError:
        return False


def _name(entry: AnyRow) -> str:
    return f"paper={entry.listed_id}" if entry.forecast_id is None else f"forecast={entry.forecast_id}"


def _wrong_time(rows: EntryRows, before: datetime) -> str | None:
    """Of an entry that is whole. `before`: when the one before it was published."""
    if rows.entry.at < before - CLOCKS_DIFFER:
        return "it was published before the one before it"
    if rows.entry.kind == EntryKind.FORECAST and rows.forecast is not None:
        return _wrong_time_of_forecast(rows.forecast, rows.entry.at)
    if any(row.judged_at != rows.entry.at for row in rows.outcomes if rows.entry.kind == EntryKind.JUDGEMENT):
        return "it was published at another time than it was judged"
    return None


def _wrong_time_of_forecast(forecast: AnyRow, at: datetime) -> str | None:
    if forecast.made_at != at:
        return "it was published at another time than it was made"
    if forecast.last_day > (at + DAY).date():
        return "it was made before its last day"
    weeks = {(at + shift).strftime("%G-W%V") for shift in (-DAY, timedelta(), DAY)}
    return None if forecast.week in weeks else "it was made in another week"


def _follows(forecast: AnyRow, outcomes: Sequence[AnyRow]) -> bool:
    """What the text of a judgement leaves out stands in that of its forecast; figures are made of these columns."""
    said = {each.name: each for each in stated_in(forecast.said)}
    return said.keys() == {row.name for row in outcomes} and all(_is_of(row, said[row.name]) for row in outcomes)


def _is_of(row: AnyRow, said: StatedOutcome) -> bool:
    tenth = bin_of(said.stated) if said.event == "drawdown" and said.stated is not None and row.void is None else None
    told = (row.event, row.output, float(row.measure), row.stated, row.bin)
    return told == (said.event, said.output, said.measure, said.stated, tenth)


def _is_entry(kind: EntryKind) -> ColumnElement[bool]:
    return exists().where(_entries.c.forecast_id == _forecasts.c.id, _entries.c.kind == kind)


def _unpublished(session: Session, now: datetime) -> str | None:
    """A forecast of the list, or a judgement of one, that was put beside the chain."""
    beside = select(_forecasts.c.id).where(_forecasts.c.origin == ForecastOrigin.LIST, ~_is_entry(EntryKind.FORECAST))
    if (found := session.scalar(beside.order_by(_forecasts.c.id).limit(1))) is not None:
        return f"forecast={found}: it is of the list and was never published"
    judged = (
        select(_forecasts.c.id)
        .join(_outcomes, _outcomes.c.forecast_id == _forecasts.c.id)
        .where(_forecasts.c.origin == ForecastOrigin.LIST, ~_is_entry(EntryKind.JUDGEMENT))
    )
    if (found := session.scalar(judged.order_by(_forecasts.c.id).limit(1))) is not None:
        return f"forecast={found}: its outcomes were never published"
    again = (
        select(_open.c.forecast_id)
        .join(_entries, _entries.c.forecast_id == _open.c.forecast_id)
        .where(_entries.c.kind == EntryKind.JUDGEMENT)
    )
    if (found := session.scalar(again.limit(1))) is not None:
        return f"forecast={found}: it was judged and waits for it again"
    return _beside_the_list(session) or _kept_back(session, now)


def _beside_the_list(session: Session) -> str | None:
    """A paper that was put on the list, or taken off, beside the chain."""
    for kind, happened, what in (
        (EntryKind.LISTED, _listed.c.since.is_not(None), "it was put on the list"),
        (EntryKind.UNLISTED, _listed.c.until.is_not(None), "it was taken off the list"),
    ):
        told = exists().where(_entries.c.listed_id == _listed.c.id, _entries.c.kind == kind)
        beside = select(_listed.c.id).where(happened, ~told).order_by(_listed.c.id).limit(1)
        if (found := session.scalar(beside)) is not None:
            return f"paper={found}: {what}, and that was never published"
    return None


def _kept_back(session: Session, now: datetime) -> str | None:
    """A forecast of the list that would never be judged."""
    waiting = (
        select(_forecasts.c.id, _forecasts.c.last_day, _forecasts.c.horizon, _open.c.due_on, _open.c.next_look_at)
        .join(_open, _open.c.forecast_id == _forecasts.c.id, isouter=True)
        .where(_forecasts.c.origin == ForecastOrigin.LIST, ~_is_entry(EntryKind.JUDGEMENT))
        .order_by(_forecasts.c.id)
    )
    last = session.scalar(select(func.max(_entries.c.at)))
    now = now if last is None else max(now, last)  # a demo's clock may be ahead of this one
    for row in session.execute(waiting):
        if row.due_on is None:
            return f"forecast={row.id}: it was never judged and does not wait"
        due = due_on(row.last_day, row.horizon)
        latest = max(now, datetime.combine(due, time(), UTC)) + LATEST_LOOK
        if row.due_on != due or row.next_look_at > latest:
            return f"forecast={row.id}: its judgement is put off"
    return None
