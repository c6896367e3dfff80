"""The shop's own forecasts: once a week, of each paper of its list, written down before anybody knows what comes."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.forecasts import Forecast, ForecastOrigin, ListedInstrument
from services.clock import Clock
from services.errors import ShopError, one_line
from services.forecasts.append import ClockBehind
from services.forecasts.closes import listed_closes
from services.forecasts.publish import publish
from services.forecasts.said import NewForecast, judged_input, listed_forecast, load_source, paper_of
from services.forecasts.schedule import ForecastSchedule
from services.forecasts.sources import PriceSource
from services.inference.engine import Engine
from services.inference.tensors import Row
from services.manifests.inputs import SeriesInput
from services.manifests.manifest import Manifest
from services.market.errors import ExchangeSilent, NoPrices
from services.market.prices import ClosingPrices
from services.values.samples import sample_value

log = structlog.get_logger()

_forecasts, _listed = table_of(Forecast), table_of(ListedInstrument)
EVERY: Final = 30.0  # seconds between looks
REST: Final = timedelta(minutes=30)
"""So long a paper that had no forecast is left alone."""
SILENT_PAPERS: Final = 2
OUTCOMES: Final = ("published", "refused", "failed")
"""Refused: there are no prices, or none to forecast from. Failed: a fault of the model or of the shop."""


class WeeklyForecasts:
    """Of any number of workers one publishes each. `doubted`: whether the time is, and nothing is published.
    `on_outcome` is called with one of `OUTCOMES` for each forecast that was tried."""

    def __init__(
        self,
        db: Database,
        engine: Engine,
        market: PriceSource,
        clock: Clock,
        schedule: ForecastSchedule,
        *,
        doubted: Callable[[], bool] = lambda: False,
        on_outcome: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._db, self._engine, self._market, self._clock = db, engine, market, clock
        self._schedule, self._doubted, self._on_outcome = schedule, doubted, on_outcome
        self._resting: dict[int, datetime] = {}
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
            except DatabaseUnavailable as error:
                log.warning("weekly_forecasts_wait", error=str(error))
            await asyncio.sleep(EVERY)

    async def look(self) -> int:
        """Publish what this week still lacks; how many forecasts that were."""
        async with self._turn:
            now = self._clock()
            week = None if self._doubted() else self._schedule.due_week(now)
            if week is None:
                return 0
            missing = await self._db.read(_missing, week)
            due = [row for row in missing if self._resting.get(row.id, now) <= now]
            silent: Counter[str] = Counter()
            return sum([await self._publish(row, week, silent) for row in due])

    async def _publish(self, row: AnyRow, week: str, silent: Counter[str]) -> bool:
        """`silent`: how many papers of a source got no answer. It is not asked for each of a hundred, but left alone
        until the next look, which begins with those that were not asked."""
        if silent[row.source_key] >= SILENT_PAPERS:
            return False
        try:
            made = await self._forecast(row)
        except ShopError as error:
            silent[row.source_key] += isinstance(error, ExchangeSilent)
            log.warning("forecast_not_made", model=row.model_slug, symbol=row.symbol, error=one_line(error))
            self._on_outcome("refused" if isinstance(error, NoPrices) else "failed")
            made = None
        except Exception:
            log.exception("forecast_failed", model=row.model_slug, symbol=row.symbol)
            self._on_outcome("failed")
            made = None
        if made is None:
            self._resting[row.id] = self._clock() + REST
            return False
        try:
            number = await self._db.write(_publish_listed, row.id, made, week, self._clock())
        except ClockBehind as error:
            log.warning("forecast_not_published", symbol=row.symbol, error=one_line(error))
            self._resting[row.id] = self._clock() + REST
            return False
        if number is not None:
            self._on_outcome("published")
            log.info("forecast_published", number=number, model=made.model_slug, symbol=row.symbol, week=week)
        return number is not None

    async def _forecast(self, row: AnyRow) -> NewForecast | None:
        """None: its model does not run here, or its prices are told of already. Raises ShopError."""
        manifest = self._engine.manifest(row.model_slug)
        field = None if manifest is None else judged_input(manifest)
        if manifest is None or field is None or not self._engine.serves(manifest.slug):
            return None
        prices = await listed_closes(self._market, load_source(row.source), row.symbol, field)
        if await self._db.read(_is_told, row, prices.days[-1]):
            return None
        result = await self._engine.predict(manifest.slug, _row(manifest, field, prices))
        paper = paper_of(load_source(row.source), symbol=row.symbol, name=row.name, exchange=row.exchange)
        return listed_forecast(manifest, paper, result.outputs, last_day=prices.days[-1], last_close=prices.values[-1])


def _row(manifest: Manifest, field: SeriesInput, prices: ClosingPrices) -> Row:
    """What else the model asks is answered as its manifest does."""
    values = {each.name: sample_value(each) for each in manifest.inputs}
    return Row(values=values | {field.name: [float(close) for close in prices.values]})


def _missing(session: Session, week: str) -> Sequence[AnyRow]:
    there = exists().where(
        _forecasts.c.model_slug == _listed.c.model_slug,
        _forecasts.c.source_key == _listed.c.source_key,
        _forecasts.c.symbol == _listed.c.symbol,
        _forecasts.c.week == week,
    )
    wanted = select(_listed).where(_listed.c.until.is_(None), ~there).order_by(_listed.c.id)
    return session.execute(wanted).all()


def _is_told(session: Session, row: AnyRow, last_day: date) -> bool:
    """Whether the list has a forecast of these very closes: after long holidays another week's."""
    same = select(_forecasts.c.id).where(
        _forecasts.c.origin == ForecastOrigin.LIST,
        _forecasts.c.model_slug == row.model_slug,
        _forecasts.c.source_key == row.source_key,
        _forecasts.c.symbol == row.symbol,
        _forecasts.c.last_day >= last_day,
    )
    return session.scalar(same.limit(1)) is not None


def _publish_listed(session: Session, listed_id: int, made: NewForecast, week: str, now: datetime) -> int | None:
    """None also where it was taken off the list meanwhile."""
    still = select(_listed.c.id).where(_listed.c.id == listed_id, _listed.c.until.is_(None)).with_for_update()
    return None if session.scalar(still) is None else publish(session, made, week=week, now=now)
