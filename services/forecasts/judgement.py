"""The job that judges: prices are fetched once a paper, what came is written once, and told to whose forecast it is."""

import asyncio
from collections.abc import Callable

import structlog

from db.engine import Database
from db.errors import DatabaseUnavailable
from services.clock import Clock
from services.errors import one_line
from services.forecasts import due
from services.forecasts.append import ClockBehind
from services.forecasts.due import DuePaper
from services.forecasts.look import look
from services.forecasts.said import load_source
from services.forecasts.sources import PriceSource
from services.market.errors import ExchangeSilent, InstrumentUnknown, NoPrices
from services.market.prices import HistoryEnd, PaperHistory

log = structlog.get_logger()


class Judgement:
    """Of any number of processes one judges each forecast. `on_told` is called when a message is ready to be sent."""

    def __init__(self, db: Database, market: PriceSource, clock: Clock, on_told: Callable[[], None]) -> None:
        self._db, self._market, self._clock, self._on_told = db, market, clock, on_told

    async def run_due(self) -> int:
        """How many were judged, or are void."""
        papers = await self._db.read(due.due_papers, self._clock())
        judged, silent = 0, set[str]()
        for paper in papers:
            if paper.source_key in silent:
                continue  # the next run begins with it
            try:
                judged += await self._judge(paper, silent)
            except DatabaseUnavailable:
                raise
            except ClockBehind as error:
                log.warning("judgement_waits", error=one_line(error))
                break
            except Exception:
                log.exception("paper_not_judged", symbol=paper.symbol)
        if judged:
            log.info("forecasts_judged", count=judged, papers=len(papers))
            self._on_told()
        return judged

    async def _judge(self, paper: DuePaper, silent: set[str]) -> int:
        now, judged = self._clock(), 0
        try:
            history = await self._history(paper)
        except ExchangeSilent:
            silent.add(paper.source_key)
            history = None
        while rows := await self._db.write(due.claim, paper, now):
            written, seen = await asyncio.to_thread(look, rows, history, now)
            if seen:
                await self._db.write(due.note_seen, seen, now)
            if written:
                judged += await self._db.write(due.write, written, now)
        return judged

    async def _history(self, paper: DuePaper) -> PaperHistory | None:
        """None: nothing is known just now. Raises ExchangeSilent."""
        try:
            return await self._market.history(load_source(paper.source), paper.symbol, since=paper.first_day)
        except InstrumentUnknown:
            return PaperHistory(days=(), values=(), end=HistoryEnd.UNKNOWN)
        except ExchangeSilent:
            raise
        except NoPrices as error:
            log.warning("prices_not_had", symbol=paper.symbol, error=type(error).__name__)
            return None
