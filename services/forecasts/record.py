"""The track record, read from rows: how many were judged, wait or are void, and how good they were; of the shop's own
list, by version and by paper, and of what customers bought, all together."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import (
    ChainHead,
    Forecast,
    ForecastOrigin,
    ForecastOutcome,
    ListedInstrument,
    OpenForecast,
)
from services.clock import Clock
from services.forecasts.chain import GENESIS
from services.forecasts.discretion import STEP, counted_once, told_of_customers
from services.forecasts.entries import PublishedEntry, published
from services.forecasts.figures import OutcomeFigures, Tally, figures_of
from services.forecasts.missed import missed_weeks
from services.forecasts.schedule import ForecastSchedule

_forecasts, _open, _outcomes = table_of(Forecast), table_of(OpenForecast), table_of(ForecastOutcome)
_also = _outcomes.alias("also")
_head, _listed = table_of(ChainHead), table_of(ListedInstrument)
KEPT: Final = 60.0  # seconds
ROUGH: Final = 2  # decimals
NONE_MISSED: Final[Mapping[int, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    judged: int = 0
    waiting: int = 0
    void: int = 0

    @property
    def made(self) -> int:
        return self.judged + self.waiting + self.void


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPart:
    """Of a version of the model, a paper, or all. `key`: the version, or the paper's symbol; `name` and `exchange`: of
    a paper."""

    key: str
    name: str = ""
    exchange: str = ""
    counts: Counts
    figures: Sequence[OutcomeFigures] = ()

    @property
    def told(self) -> Sequence[OutcomeFigures]:
        """Those of enough forecasts to say something."""
        return [each for each in self.figures if each.is_enough]

    def of_event(self, event: str) -> OutcomeFigures | None:
        """Of versions that were judged by another threshold or horizon each has its own: that of the most judged."""
        return max((each for each in self.figures if each.event == event), key=lambda each: each.count, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPaper:
    """`missed`: weeks without a forecast of it."""

    symbol: str
    name: str
    exchange: str
    since: datetime
    until: datetime | None
    missed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """Of one model. `horizon` in trading days; `next_due`: before that day nothing more is judged."""

    model_slug: str
    horizon: int
    listed: RecordPart
    bought: RecordPart
    versions: Sequence[RecordPart]
    papers: Sequence[RecordPart]
    papers_on_list: Sequence[ListedPaper] = field(default=())
    first_made_at: datetime | None = None
    next_due: date | None = None

    @property
    def missed(self) -> int:
        """Weeks without a forecast, of all papers of the list."""
        return sum(paper.missed for paper in self.papers_on_list)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRecord:
    """Of all models that were ever judged or listed. `length` and `hash`: of the chain's head."""

    models: Sequence[TrackRecord]
    length: int
    hash: str


class Track:
    """What it read is kept for a minute: the page is everybody's."""

    def __init__(self, db: Database, clock: Clock, schedule: ForecastSchedule) -> None:
        self._db, self._clock, self._schedule = db, clock, schedule
        self._reading = asyncio.Lock()
        self._read: tuple[datetime, PublicRecord] | None = None

    async def record(self) -> PublicRecord:
        async with self._reading:  # however many ask, one reads
            now = self._clock()
            if self._read is None or not 0 <= (now - self._read[0]).total_seconds() < KEPT:
                self._read = now, await self._db.scan(self._all, now)
            return self._read[1]

    def _all(self, session: Session, now: datetime) -> PublicRecord:
        return read_record(session, missed_weeks(session, self._schedule, now))

    def forget(self) -> None:
        """What was read is read anew."""
        self._read = None

    def published(self) -> AsyncIterator[list[PublishedEntry]]:
        """All entries of the chain, piece by piece."""
        return published(self._db)


def read_record(session: Session, missed: Mapping[int, int] = NONE_MISSED) -> PublicRecord:
    """`missed`: weeks by paper of the list."""
    head = session.execute(select(_head.c.length, _head.c.hash)).first()
    slugs = set(session.scalars(select(_forecasts.c.model_slug).distinct()))
    slugs |= set(session.scalars(select(_listed.c.model_slug).distinct()))
    models = [_of_model(session, slug, missed) for slug in sorted(slugs)]
    return PublicRecord(models=models, length=head.length if head else 0, hash=head.hash if head else GENESIS)


def _of_model(session: Session, slug: str, missed: Mapping[int, int]) -> TrackRecord:
    tallies = session.execute(_tallies(slug, told_of_customers(session, slug))).all()
    counts = session.execute(_counts(slug)).all()
    of_list = [row for row in tallies if row.origin == ForecastOrigin.LIST]
    counted = [row for row in counts if row.origin == ForecastOrigin.LIST]
    of_shop = (_forecasts.c.model_slug == slug) & (_forecasts.c.origin == ForecastOrigin.LIST)
    horizon = session.scalar(select(func.max(_forecasts.c.horizon)).where(_forecasts.c.model_slug == slug))
    due = select(func.min(_open.c.due_on)).join(_forecasts, _forecasts.c.id == _open.c.forecast_id)
    return TrackRecord(
        model_slug=slug,
        horizon=horizon or 0,
        listed=_part("", of_list, counted),
        bought=_in_steps(
            _part(
                "",
                [row for row in tallies if row.origin == ForecastOrigin.CUSTOMER],
                [row for row in counts if row.origin == ForecastOrigin.CUSTOMER],
            )
        ),
        versions=_parts(("model_version",), of_list, counted),
        papers=_parts(("symbol", "source_key"), of_list, counted),
        papers_on_list=_list_of(session, slug, missed),
        first_made_at=session.scalar(select(func.min(_forecasts.c.made_at)).where(of_shop)),
        next_due=session.scalar(due.where(of_shop)),
    )


def _tallies(slug: str, told: Select[Any]) -> Select[Any]:  # Any: rows of Core
    """Of forecasts that were judged whole: of papers that ended early the falls alone could be told, and who counted
    those would find that a fall comes every time. Of customers' those that are `told`, without their papers."""
    listed = _forecasts.c.origin == ForecastOrigin.LIST
    void = exists().where(_also.c.forecast_id == _outcomes.c.forecast_id, _also.c.void.is_not(None))
    keys = (
        *(_forecasts.c.origin, _forecasts.c.model_version, *_paper(), _forecasts.c.horizon),
        *(_outcomes.c.name, _outcomes.c.event, _outcomes.c.output, _outcomes.c.measure, _outcomes.c.bin),
    )
    return (
        select(
            *keys,
            func.count().label("rows"),
            func.sum(case((_outcomes.c.came, 1), else_=0)).label("came"),
            func.coalesce(func.sum(_outcomes.c.stated), 0).label("stated"),
            func.sum(_outcomes.c.score).label("score"),
        )
        .join(_forecasts, _forecasts.c.id == _outcomes.c.forecast_id)
        .where(_forecasts.c.model_slug == slug, ~void, listed | _forecasts.c.id.in_(told))
        .group_by(*keys)
    )


def _counts(slug: str) -> Select[Any]:  # Any: as above
    """Forecasts, each once, whatever it said."""
    listed = _forecasts.c.origin == ForecastOrigin.LIST
    keys = (_forecasts.c.origin, _forecasts.c.model_version, *_paper())
    name = func.max(case((listed, _forecasts.c.name), else_="")).label("paper_name")
    exchange = func.max(case((listed, _forecasts.c.exchange), else_="")).label("exchange")
    judged = (
        select(_outcomes.c.forecast_id, func.max(_outcomes.c.void).label("void"))
        .group_by(_outcomes.c.forecast_id)
        .subquery()
    )
    return (
        select(
            *keys,
            name,
            exchange,
            func.sum(case((judged.c.forecast_id.is_(None), 1), else_=0)).label("waiting"),
            func.sum(case((judged.c.void.is_not(None), 1), else_=0)).label("void"),
            func.count().label("made"),
        )
        .outerjoin(judged, judged.c.forecast_id == _forecasts.c.id)
        .where(_forecasts.c.model_slug == slug, listed | _forecasts.c.id.in_(counted_once(slug)))
        .group_by(*keys)
    )


def _paper() -> Sequence[ColumnElement[str]]:
    """Whose closes a forecast of the list is judged by: one ticker at two sources is two papers."""
    listed = _forecasts.c.origin == ForecastOrigin.LIST
    return [case((listed, _forecasts.c[name]), else_="").label(name) for name in ("symbol", "source_key")]


def _parts(columns: Sequence[str], tallies: Sequence[AnyRow], counts: Sequence[AnyRow]) -> list[RecordPart]:
    """By what these columns hold; the first of them is the key."""

    def kind(row: AnyRow) -> tuple[str, ...]:
        return tuple(getattr(row, column) for column in columns)

    return [
        _part(each[0], [row for row in tallies if kind(row) == each], [row for row in counts if kind(row) == each])
        for each in sorted({kind(row) for row in counts})
    ]


def _part(key: str, tallies: Sequence[AnyRow], counts: Sequence[AnyRow]) -> RecordPart:
    waiting, void = sum(row.waiting for row in counts), sum(row.void for row in counts)
    judged = sum(row.made for row in counts) - waiting - void
    sums = [
        Tally(
            name=row.name,
            event=row.event,
            output=row.output,
            measure=row.measure,
            horizon=row.horizon,
            bin=row.bin,
            count=row.rows,
            came=int(row.came),
            stated=float(row.stated),
            score=float(row.score),
        )
        for row in tallies
    ]
    return RecordPart(
        key=key,
        name=max((row.paper_name for row in counts), default=""),
        exchange=max((row.exchange for row in counts), default=""),
        counts=Counts(judged=judged, waiting=waiting, void=void),
        figures=figures_of(sums),
    )


def _in_steps(part: RecordPart) -> RecordPart:
    judged, waiting, void = (
        number // STEP * STEP for number in (part.counts.judged, part.counts.waiting, part.counts.void)
    )
    counts = Counts(judged=judged, waiting=waiting, void=void)
    return replace(part, counts=counts, figures=[_rounded(each) for each in part.figures])


def _rounded(figures: OutcomeFigures) -> OutcomeFigures:
    """A mean of thirty tells the thirtieth to whoever knows the others, unless it is told roughly."""
    base = figures.base_score
    return replace(
        figures,
        score=round(figures.score, ROUGH),
        base_score=None if base is None else round(base, ROUGH),
        bins=[replace(each, stated=round(each.stated, ROUGH)) for each in figures.bins],
    )


def _list_of(session: Session, slug: str, missed: Mapping[int, int]) -> list[ListedPaper]:
    columns = (_listed.c.symbol, _listed.c.name, _listed.c.exchange, _listed.c.since, _listed.c.until)
    wanted = select(_listed.c.id, *columns).where(_listed.c.model_slug == slug)
    rows = session.execute(wanted.order_by(_listed.c.since, _listed.c.id))
    names = [column.name for column in columns]
    return [ListedPaper(**{name: getattr(row, name) for name in names}, missed=missed.get(row.id, 0)) for row in rows]
