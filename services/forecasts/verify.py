"""The chain of what was published, computed anew: the first number that is missing, or is not as it was."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.forecasts import ChainEntry, ChainHead, EntryKind, Forecast, ForecastOrigin, ForecastOutcome
from services.forecasts.chain import GENESIS, forecast_text, judgement_text, next_hash

_forecasts, _outcomes = table_of(Forecast), table_of(ForecastOutcome)
_entries, _head = table_of(ChainEntry), table_of(ChainHead)
AT_ONCE: Final = 2_000


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
    number, last, numbers = 0, GENESIS, _forecast_numbers(session)
    for entry, forecast, outcomes in _all(session):
        number += 1
        if entry.number != number:
            return f"number={number}: it is missing"
        if (problem := _problem(entry, forecast, outcomes, numbers, last)) is not None:
            return f"number={number} kind={entry.kind} forecast={entry.forecast_id}: {problem}"
        last = entry.hash
    if number < head.length:
        return f"number={number + 1}: it is missing"
    if (number, last) != (head.length, head.hash):
        return f"number={head.length}: the head of the chain says that it ends there, with another hash"
    return None


def _problem(
    entry: AnyRow, forecast: AnyRow | None, outcomes: Sequence[AnyRow], numbers: dict[int, int], last: str
) -> str | None:
    if forecast is None:
        return "its forecast is missing"
    if entry.kind == EntryKind.FORECAST:
        made = forecast_text(entry.number, forecast)
    elif not outcomes or entry.forecast_id not in numbers:
        return "its outcomes are missing"
    else:
        made = judgement_text(entry.number, numbers[entry.forecast_id], outcomes)
    return None if next_hash(last, made) == entry.hash else "it is not as it was published"


def _all(session: Session) -> Iterator[tuple[AnyRow, AnyRow | None, Sequence[AnyRow]]]:
    """Entries in their order, with their rows."""
    after: int | None = None
    while True:
        wanted = select(_entries).order_by(_entries.c.number).limit(AT_ONCE)
        batch = session.execute(wanted if after is None else wanted.where(_entries.c.number > after)).all()
        if not batch:
            return
        ids = {entry.forecast_id for entry in batch}
        forecasts = {row.id: row for row in session.execute(select(_forecasts).where(_forecasts.c.id.in_(ids)))}
        outcomes: dict[int, list[AnyRow]] = defaultdict(list)
        for row in session.execute(select(_outcomes).where(_outcomes.c.forecast_id.in_(ids))):
            outcomes[row.forecast_id].append(row)
        for entry in batch:
            yield entry, forecasts.get(entry.forecast_id), outcomes.get(entry.forecast_id, [])
        after = batch[-1].number


def _forecast_numbers(session: Session) -> dict[int, int]:
    wanted = select(_entries.c.forecast_id, _entries.c.number).where(_entries.c.kind == EntryKind.FORECAST)
    return {row.forecast_id: row.number for row in session.execute(wanted)}


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
