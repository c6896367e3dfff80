"""Whether what a provider told is a series that a forecast may stand on. Nothing here asks anybody."""

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from services.market.adjustment import Priced, adjust, find_jumps
from services.market.errors import (
    HistoryInterrupted,
    HistoryTooShort,
    NoLongerTraded,
    NotYetTraded,
    TradedTooRarely,
    TradingHalted,
)
from services.market.prices import ClosingPrices, HistoryEnd, PaperHistory
from services.market.told import Close, ToldSeries

LONGEST_HALT: Final = dt.timedelta(days=30)
"""What was before a longer one is another paper's history."""
OLDEST_CLOSE: Final = dt.timedelta(days=14)
"""Longer than the exchange's longest holidays."""
SILENT_SHARE: Final = 0.25
"""Of the days of the last closes: what trades less often has no daily changes."""


def judge(
    told: ToldSeries, *, least: int, since: dt.date, due: dt.date, fetched_at: dt.datetime, stale: bool
) -> ClosingPrices:
    """Closes from `since` on. `due`: the last day that could have a close. Raises HistoryInterrupted, HistoryTooShort,
    NoLongerTraded, NotYetTraded, TradedTooRarely, TradingHalted."""
    symbol = told.instrument.symbol
    rows = [(day, close) for day, close in told.closes if since <= day <= due]
    traded = [(day, close) for day, close in rows if close is not None]
    last = traded[-1][0] if traded else told.last
    if last is None:
        raise NotYetTraded(symbol)
    if not told.is_traded:
        raise NoLongerTraded(symbol=symbol, last=last)
    if due - last > OLDEST_CLOSE:
        raise TradingHalted(symbol=symbol, last=last)
    recent = _after_halts(traded)
    _require_often(rows, recent, symbol, least)
    if len(recent) < min(least, len(traded)):
        raise HistoryInterrupted(symbol=symbol, day=recent[0][0], count=len(recent), least=least)
    if len(recent) < least:
        raise HistoryTooShort(symbol=symbol, count=len(recent), least=least)
    adjusted, splits = adjust(recent, told.splits)
    return ClosingPrices(
        instrument=told.instrument,
        days=[day for day, _ in adjusted],
        values=[close for _, close in adjusted],
        splits=splits,
        jumps=find_jumps(adjusted),
        splits_known=told.splits_known,
        fetched_at=fetched_at,
        stale=stale,
    )


def history_of(told: ToldSeries, *, since: dt.date, due: dt.date, forgotten: bool) -> PaperHistory:
    """To look back at: nothing is too short, too rare or too old here. `forgotten`: its source knows it no more."""
    traded = [(day, close) for day, close in told.closes if since <= day <= due and close is not None]
    adjusted, _ = adjust(traded, told.splits)
    end = None
    if forgotten:
        end = HistoryEnd.UNKNOWN
    elif not told.is_traded:
        end = HistoryEnd.DELISTED
    elif traded and due - traded[-1][0] > OLDEST_CLOSE:
        end = HistoryEnd.HALTED
    return PaperHistory(
        days=[day for day, _ in adjusted],
        values=[close for _, close in adjusted],
        jumps=find_jumps(adjusted),
        end=end,
    )


def _after_halts(closes: Sequence[Priced]) -> Sequence[Priced]:
    starts = [place for place, (one, other) in enumerate(pairwise(closes), 1) if other[0] - one[0] > LONGEST_HALT]
    return closes[starts[-1] :] if starts else closes


def _require_often(rows: Sequence[Close], traded: Sequence[Priced], symbol: str, least: int) -> None:
    """Raises TradedTooRarely, by the newest `least` closes, or by all where there are fewer."""
    newest = traded[-least:]
    days = sum(1 for day, _ in rows if newest and day >= newest[0][0])
    if days >= least and len(newest) < days * (1 - SILENT_SHARE):
        raise TradedTooRarely(symbol=symbol, count=len(newest), days=days)
