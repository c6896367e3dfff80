"""What was published, entry by entry, with the text that its hash is of."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import ChainEntry, EntryKind, Forecast, ForecastOutcome, ListedInstrument
from services.forecasts.chain import forecast_text, judgement_text, listed_text, unlisted_text

_forecasts, _outcomes, _entries = table_of(Forecast), table_of(ForecastOutcome), table_of(ChainEntry)
_listed = table_of(ListedInstrument)
AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRows:
    """An entry and the rows that it is made of. `first_number`: of the entry of its forecast, or of that which put its
    paper on the list."""

    entry: AnyRow
    forecast: AnyRow | None
    outcomes: Sequence[AnyRow]
    listed: AnyRow | None
    first_number: int | None

    @property
    def text(self) -> str | None:
        """None where rows are missing."""
        number, first = self.entry.number, self.first_number
        if first is None:
            return None
        match self.entry.kind:
            case EntryKind.FORECAST:
                return None if self.forecast is None else forecast_text(number, self.forecast)
            case EntryKind.JUDGEMENT:
                return judgement_text(number, first, self.outcomes) if self.forecast and self.outcomes else None
            case EntryKind.LISTED:
                return None if self.listed is None else listed_text(number, self.listed, self.entry.at)
        return None if self.listed is None else unlisted_text(number, first, self.listed, self.entry.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEntry:
    """`at`: when it was published; `text`: what its hash is of. What follows is of a forecast alone."""

    number: int
    kind: str
    first_number: int
    at: datetime
    model: str
    paper: str
    exchange: str
    text: str
    hash: str
    version: str = ""
    week: str = ""
    last_day: date | None = None
    last_close: float | None = None
    horizon: int | None = None
    void: str | None = None


def entries_after(session: Session, number: int, limit: int = AT_ONCE) -> list[EntryRows]:
    """The next ones in their order."""
    wanted = select(_entries).where(_entries.c.number > number).order_by(_entries.c.number).limit(limit)
    entries = session.execute(wanted).all()
    ids = {entry.forecast_id for entry in entries if entry.forecast_id is not None}
    listed_ids = {entry.listed_id for entry in entries if entry.listed_id is not None}
    forecasts = {row.id: row for row in session.execute(select(_forecasts).where(_forecasts.c.id.in_(ids)))}
    outcomes: dict[int, list[AnyRow]] = defaultdict(list)
    for row in session.execute(select(_outcomes).where(_outcomes.c.forecast_id.in_(ids))):
        outcomes[row.forecast_id].append(row)
    listed = {row.id: row for row in session.execute(select(_listed).where(_listed.c.id.in_(listed_ids)))}
    numbers, starts = forecast_numbers(session, ids), listed_numbers(session, listed_ids)
    return [
        EntryRows(
            entry=entry,
            forecast=forecasts.get(entry.forecast_id),
            outcomes=outcomes.get(entry.forecast_id, []),
            listed=listed.get(entry.listed_id),
            first_number=starts.get(entry.listed_id) if entry.forecast_id is None else numbers.get(entry.forecast_id),
        )
        for entry in entries
    ]


def forecast_numbers(session: Session, forecast_ids: Collection[int]) -> dict[int, int]:
    """By which number each of them was published; those that were not are left out."""
    wanted = select(_entries.c.forecast_id, _entries.c.number).where(
        _entries.c.forecast_id.in_(forecast_ids), _entries.c.kind == EntryKind.FORECAST
    )
    return {row.forecast_id: row.number for row in session.execute(wanted)}


def listed_numbers(session: Session, listed_ids: Collection[int]) -> dict[int, int]:
    """The same of papers of the list."""
    wanted = select(_entries.c.listed_id, _entries.c.number).where(
        _entries.c.listed_id.in_(listed_ids), _entries.c.kind == EntryKind.LISTED
    )
    return {row.listed_id: row.number for row in session.execute(wanted)}


async def published(db: Database) -> AsyncIterator[list[PublishedEntry]]:
    """All that is readable, piece by piece: no transaction holds all of it."""
    last = 0
    while rows := await db.read(entries_after, last):
        last = rows[-1].entry.number
        yield [each for each in map(_published, rows) if each is not None]


def _published(rows: EntryRows) -> PublishedEntry | None:
    text, told = rows.text, rows.listed if rows.forecast is None else rows.forecast
    if told is None or text is None or rows.first_number is None:
        return None
    entry = PublishedEntry(
        number=rows.entry.number,
        kind=rows.entry.kind,
        first_number=rows.first_number,
        at=rows.entry.at,
        model=told.model_slug,
        paper=told.symbol,
        exchange=told.exchange,
        text=text,
        hash=rows.entry.hash,
    )
    return entry if rows.forecast is None else _of_forecast(entry, rows.forecast, rows.outcomes)


def _of_forecast(entry: PublishedEntry, forecast: AnyRow, outcomes: Sequence[AnyRow]) -> PublishedEntry:
    void = next((each.void for each in outcomes if each.void is not None), None)
    return replace(
        entry,
        version=forecast.model_version,
        week=forecast.week or "",
        last_day=forecast.last_day,
        last_close=forecast.last_close,
        horizon=forecast.horizon,
        void=void if entry.kind == EntryKind.JUDGEMENT else None,
    )
