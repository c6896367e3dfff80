"""The chain of what was published, computed anew: the first number that is missing, or is not as it was."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.forecasts import ChainEntry, ChainHead, EntryKind, Forecast, ForecastOrigin, ForecastOutcome
from services.forecasts.chain import GENESIS, next_hash
from services.forecasts.entries import EntryRows, entries_after

_forecasts, _outcomes = table_of(Forecast), table_of(ForecastOutcome)
_entries, _head = table_of(ChainEntry), table_of(ChainHead)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainProof:
    """`wrong`: what the first wrong entry is, as an operator reads it; None where all of it holds."""

    entries: int
    wrong: str | None


def verify_chain(session: Session) -> ChainProof:
    head = session.execute(select(_head.c.length, _head.c.hash)).first()
    count = session.scalar(select(func.count()).select_from(_entries)) or 0
    if head is None:
        wrong = "the head of the chain is missing" if count else _unpublished(session)
        return ChainProof(entries=count, wrong=wrong)
    return ChainProof(entries=count, wrong=_first_wrong(session, head) or _unpublished(session))


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
    return None if next_hash(last, text) == rows.entry.hash else "it is not as it was published"


def _is_entry(kind: EntryKind) -> ColumnElement[bool]:
    return exists().where(_entries.c.forecast_id == _forecasts.c.id, _entries.c.kind == kind)


def _unpublished(session: Session) -> str | None:
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
    return None
