"""The chain of what was published, computed anew: the first number that is missing, or is not as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
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
    OpenForecast,
)
from services.clock import Clock, system_clock
from services.forecasts.bins import bin_of
from services.forecasts.chain import GENESIS, next_hash
from services.forecasts.entries import EntryRows, entries_after
from services.forecasts.publish import due_on
from services.forecasts.said import StatedOutcome, stated_in

_forecasts, _outcomes = table_of(Forecast), table_of(ForecastOutcome)
_entries, _head, _open = table_of(ChainEntry), table_of(ChainHead), table_of(OpenForecast)
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
    number, last = 0, GENESIS
    while batch := entries_after(session, number):
        for rows in batch:
            number += 1
            if rows.entry.number != number:
                return f"number={number}: it is missing"
            if (problem := _problem(rows, last)) is not None:
                return f"number={number} kind={rows.entry.kind} forecast={rows.entry.forecast_id}: {problem}"
            last = rows.entry.hash
    if number < head.length:
        return f"number={number + 1}: it is missing"
    if (number, last) != (head.length, head.hash):
        return f"number={head.length}: the head of the chain says that it ends there, with another hash"
    return None


def _problem(rows: EntryRows, last: str) -> str | None:
    if rows.forecast is None:
        return "its forecast is missing"
    if (text := rows.text) is None:
        return "its outcomes are missing"
    if next_hash(last, text) != rows.entry.hash:
        return "it is not as it was published"
    if rows.entry.kind == EntryKind.JUDGEMENT and not _follows(rows.forecast, rows.outcomes):
        return "its outcomes are not of what the forecast said"
    return None


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
    return _kept_back(session, now)


def _kept_back(session: Session, now: datetime) -> str | None:
    """A forecast of the list that would never be judged."""
    waiting = (
        select(_forecasts.c.id, _forecasts.c.last_day, _forecasts.c.horizon, _open.c.due_on, _open.c.next_look_at)
        .join(_open, _open.c.forecast_id == _forecasts.c.id, isouter=True)
        .where(_forecasts.c.origin == ForecastOrigin.LIST, ~_is_entry(EntryKind.JUDGEMENT))
        .order_by(_forecasts.c.id)
    )
    for row in session.execute(waiting):
        if row.due_on is None:
            return f"forecast={row.id}: it was never judged and does not wait"
        due = due_on(row.last_day, row.horizon)
        latest = max(now, datetime.combine(due, time(), UTC)) + LATEST_LOOK
        if row.due_on != due or row.next_look_at > latest:
            return f"forecast={row.id}: its judgement is put off"
    return None
