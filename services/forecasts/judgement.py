"""The job that judges: prices are fetched once a paper, what came is written once, and told to whose forecast it is."""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from db.base import AnyRow, JsonObject
from db.engine import Database
from db.tables.forecasts import VoidReason
from services.clock import Clock
from services.forecasts import due
from services.forecasts.due import VOID_AFTER, DuePaper
from services.forecasts.said import StatedOutcome, load_source
from services.forecasts.sources import PriceSource
from services.market.errors import HistoryTooShort, InstrumentUnknown, NoLongerTraded, NoPrices, TradingHalted
from services.market.prices import ClosingPrices

if TYPE_CHECKING:
    from services.forecasts.judging import Observed

log = structlog.get_logger()


class Judgement:
    """Of any number of processes one judges each forecast. `on_told` is called when a message is ready to be sent."""

    def __init__(self, db: Database, market: PriceSource, clock: Clock, on_told: Callable[[], None]) -> None:
        self._db, self._market, self._clock, self._on_told = db, market, clock, on_told

    async def run_due(self) -> int:
        """How many were judged, or are void."""
        papers = await self._db.read(due.due_papers, self._clock())
        judged = 0
        for paper in papers:
            judged += await self._judge(paper)
        if judged:
            log.info("forecasts_judged", count=judged, papers=len(papers))
            self._on_told()
        return judged

    async def _judge(self, paper: DuePaper) -> int:
        now, judged = self._clock(), 0
        prices = await self._prices(paper, now)
        while rows := await self._db.write(due.claim, paper, now):
            written = await asyncio.to_thread(_outcomes, rows, prices, now)
            if written:
                judged += await self._db.write(due.write, written, now)
        return judged

    async def _prices(self, paper: DuePaper, now: datetime) -> ClosingPrices | VoidReason | None:
        """None: nothing is known just now."""
        least = 2 + (now.date() - paper.first_day).days * 9 // 14  # trading days of a year with many holidays
        try:
            return await self._closes(paper, least)
        except NoLongerTraded:
            return VoidReason.DELISTED
        except TradingHalted:
            return VoidReason.HALTED
        except InstrumentUnknown:
            return VoidReason.UNKNOWN
        except NoPrices as error:
            log.warning("prices_not_had", symbol=paper.symbol, error=type(error).__name__)
            return None

    async def _closes(self, paper: DuePaper, least: int) -> ClosingPrices:
        source = load_source(paper.source)
        try:
            return await self._market.closes(source, paper.symbol, least=least)
        except HistoryTooShort as error:  # as many as there are
            return await self._market.closes(source, paper.symbol, least=max(1, int(error.params["count"])))


def _outcomes(
    rows: Sequence[AnyRow], prices: ClosingPrices | VoidReason | None, now: datetime
) -> dict[int, Sequence[JsonObject]]:
    """Rows of `outcomes` by forecast; what cannot be told yet is left out."""
    if prices is None:
        return {}
    if isinstance(prices, VoidReason):
        return {row.id: _void(row, prices) for row in rows if _is_late(row, now)}
    from services.forecasts.judging import Anchor, NoSuchDay, observe  # numpy, once there is something to judge

    anchors = [Anchor(last_day=row.last_day, horizon=row.horizon) for row in rows]
    written: dict[int, Sequence[JsonObject]] = {}
    for row, found in zip(rows, observe(prices.days, prices.values, anchors), strict=True):
        if isinstance(found, NoSuchDay):
            if _is_late(row, now):
                written[row.id] = _void(row, VoidReason.NO_ANCHOR)
        elif found is not None:
            written[row.id] = [_judged(said, row.last_close, found) for said in _said(row)]
    return written


def _judged(said: StatedOutcome, last_close: float, observed: "Observed") -> JsonObject:
    from services.forecasts.judging import judge

    found = judge(said, last_close, observed)
    told: JsonObject = {
        "bin": found.bin,
        "came": found.came,
        "observed": found.observed,
        "score": found.score,
        "until": observed.until,
        "void": None,
    }
    return _named(said) | told


def _void(row: AnyRow, reason: VoidReason) -> list[JsonObject]:
    nothing = dict.fromkeys(("bin", "came", "observed", "score", "until"))
    return [_named(said) | nothing | {"void": reason} for said in _said(row)]


def _named(said: StatedOutcome) -> JsonObject:
    return {
        "name": said.name,
        "event": said.event,
        "output": said.output,
        "measure": said.measure,
        "stated": said.stated,
    }


def _said(row: AnyRow) -> list[StatedOutcome]:
    return [StatedOutcome.load(told) for told in row.said["outcomes"]]


def _is_late(row: AnyRow, now: datetime) -> bool:
    """It has been waited for: what is not there by now will not come."""
    limit: dt.date = row.due_on + VOID_AFTER
    return now.date() > limit
