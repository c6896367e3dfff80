"""The job that judges: prices are fetched once a paper, what came is written once, and told to whose forecast it is."""

import asyncio
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from db.base import AnyRow, JsonObject
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.forecasts import VoidReason
from services.clock import Clock
from services.errors import one_line
from services.forecasts import due
from services.forecasts.append import ClockBehind
from services.forecasts.due import SILENT_AFTER, VOID_AFTER, DuePaper
from services.forecasts.said import StatedOutcome, load_source, stated_in
from services.forecasts.sources import PriceSource
from services.market.errors import ExchangeSilent, InstrumentUnknown, NoPrices
from services.market.prices import HistoryEnd, PaperHistory

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
            written = await asyncio.to_thread(_outcomes, rows, history, now)
            left = [row for row in rows if row.id not in written]
            waiting = {row.id for row in left if history is not None and _may_come(row, history)}
            if left:
                await self._db.write(due.note_seen, {row.id for row in left} - waiting, waiting, now)
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


def _outcomes(rows: Sequence[AnyRow], history: PaperHistory | None, now: datetime) -> dict[int, Sequence[JsonObject]]:
    """Rows of `outcomes` by forecast; what cannot be told yet is left out."""
    if history is None or (not history.days and history.end is None):
        return {row.id: _rest(row, VoidReason.SILENT) for row in rows if due.is_late(row, now, SILENT_AFTER)}
    from services.forecasts.judging import Anchor, NoSuchDay, observe  # numpy, once there is something to judge

    anchors = [Anchor(last_day=row.last_day, horizon=row.horizon) for row in rows]
    written: dict[int, Sequence[JsonObject]] = {}
    for row, found in zip(rows, observe(history.days, history.values, anchors), strict=True):
        jump = next((each.day for each in history.jumps if each.day > row.last_day), None)
        if not isinstance(found, NoSuchDay | None) and (jump is None or found.until < jump):
            written[row.id] = [_judged(said, row.last_close, found) for said in stated_in(row.said)]
        elif due.is_late(row, now, VOID_AFTER):
            if isinstance(found, NoSuchDay):
                written[row.id] = _rest(row, VoidReason.NO_ANCHOR)
            elif (reason := _why_void(history, jump)) is not None:
                written[row.id] = _rest(row, reason, _until(history, jump))
    return written


def _may_come(row: AnyRow, history: PaperHistory) -> bool:
    """A paper that is traded, and has its close of the last day, has only had holidays."""
    anchored = row.last_day in history.days or not history.days or row.last_day > history.days[-1]
    jumped = any(each.day > row.last_day for each in history.jumps)
    return bool(history.days) and history.end is None and anchored and not jumped


def _why_void(history: PaperHistory, jump: dt.date | None) -> VoidReason | None:
    if jump is not None:
        return VoidReason.JUMPED
    return None if history.end is None else VoidReason(history.end)


def _until(history: PaperHistory, jump: dt.date | None) -> PaperHistory:
    """Its closes before the jump."""
    if jump is None:
        return history
    at = history.days.index(jump)
    return replace(history, days=history.days[:at], values=history.values[:at])


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


def _rest(row: AnyRow, reason: VoidReason, history: PaperHistory | None = None) -> list[JsonObject]:
    """Void, but for what the closes that there are have settled."""
    from services.forecasts.judging import Anchor, is_settled, observe_start

    found = None
    if history is not None:
        anchor = Anchor(last_day=row.last_day, horizon=row.horizon)
        found = observe_start(history.days, history.values, anchor)
    nothing = dict.fromkeys(("bin", "came", "observed", "score", "until"))
    return [
        _judged(said, row.last_close, found)
        if found is not None and is_settled(said, found)
        else _named(said) | nothing | {"void": reason}
        for said in stated_in(row.said)
    ]


def _named(said: StatedOutcome) -> JsonObject:
    return {
        "name": said.name,
        "event": said.event,
        "output": said.output,
        "measure": said.measure,
        "stated": said.stated,
    }
