"""What was published, entry by entry, with the text that its hash is of."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import ChainEntry, EntryKind, Forecast, ForecastOutcome
from services.forecasts.chain import forecast_text, judgement_text

_forecasts, _outcomes, _entries = table_of(Forecast), table_of(ForecastOutcome), table_of(ChainEntry)
AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRows:
    """An entry and the rows that it is made of; `forecast_number`: of the entry of its forecast."""

    entry: AnyRow
    forecast: AnyRow | None
    outcomes: Sequence[AnyRow]
    forecast_number: int | None

    @property
    def text(self) -> str | None:
        """None where rows are missing."""
        if self.forecast is None or self.forecast_number is None:
            return None
        if self.entry.kind == EntryKind.FORECAST:
            return forecast_text(self.entry.number, self.forecast)
        return judgement_text(self.entry.number, self.forecast_number, self.outcomes) if self.outcomes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedEntry:
    """`at`: when it was published; `text`: what its hash is of."""

    number: int
    kind: str
    forecast_number: int
    at: datetime
    model: str
    version: str
    paper: str
    exchange: str
    week: str
    last_day: date
    last_close: float
    horizon: int
    void: str | None
    text: str
    hash: str


def entries_after(session: Session, number: int, limit: int = AT_ONCE) -> list[EntryRows]:
    """The next ones in their order."""
    wanted = select(_entries).where(_entries.c.number > number).order_by(_entries.c.number).limit(limit)
    entries = session.execute(wanted).all()
    ids = {entry.forecast_id for entry in entries}
    forecasts = {row.id: row for row in session.execute(select(_forecasts).where(_forecasts.c.id.in_(ids)))}
    outcomes: dict[int, list[AnyRow]] = defaultdict(list)
    for row in session.execute(select(_outcomes).where(_outcomes.c.forecast_id.in_(ids))):
        outcomes[row.forecast_id].append(row)
    numbers = forecast_numbers(session, ids)
    return [
        EntryRows(
            entry=entry,
            forecast=forecasts.get(entry.forecast_id),
            outcomes=outcomes.get(entry.forecast_id, []),
            forecast_number=numbers.get(entry.forecast_id),
        )
        for entry in entries
    ]


def forecast_numbers(session: Session, forecast_ids: Collection[int]) -> dict[int, int]:
    """By which number each of them was published; those that were not are left out."""
    wanted = select(_entries.c.forecast_id, _entries.c.number).where(
        _entries.c.forecast_id.in_(forecast_ids), _entries.c.kind == EntryKind.FORECAST
    )
    return {row.forecast_id: row.number for row in session.execute(wanted)}


async def published(db: Database) -> AsyncIterator[list[PublishedEntry]]:
    """All that is readable, piece by piece: no transaction holds all of it."""
    last = 0
    while rows := await db.read(entries_after, last):
        last = rows[-1].entry.number
        yield [each for each in map(_published, rows) if each is not None]


def _published(rows: EntryRows) -> PublishedEntry | None:
    forecast, text = rows.forecast, rows.text
    if forecast is None or text is None or rows.forecast_number is None:
        return None
    judged = rows.entry.kind == EntryKind.JUDGEMENT
    return PublishedEntry(
        number=rows.entry.number,
        kind=rows.entry.kind,
        forecast_number=rows.forecast_number,
        at=rows.outcomes[0].judged_at if judged else forecast.made_at,
        model=forecast.model_slug,
        version=forecast.model_version,
        paper=forecast.symbol,
        exchange=forecast.exchange,
        week=forecast.week or "",
        last_day=forecast.last_day,
        last_close=forecast.last_close,
        horizon=forecast.horizon,
        void=next((each.void for each in rows.outcomes if each.void is not None), None) if judged else None,
        text=text,
        hash=rows.entry.hash,
    )
