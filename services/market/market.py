"""Prices of papers by ticker, for edges and jobs. Nothing here may be called inside a transaction."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import structlog

from db.engine import Database
from services.clock import Clock
from services.manifests.live import LivePrices
from services.market import cache, favourites
from services.market.cache import SeriesKey
from services.market.days import hours_of, last_finished, today
from services.market.errors import ExchangeSilent, InstrumentUnknown
from services.market.fetching import STALE_DAYS, Fetching
from services.market.judging import history_of, judge
from services.market.prices import ClosingPrices, Instrument, PaperHistory
from services.market.providers import csv
from services.market.providers.base import PriceProvider, ProviderAway, ProviderNonsense
from services.market.providers.csv import CsvPrices
from services.market.providers.http import BoundedReader
from services.market.providers.moex import MoscowExchange
from services.market.searches import Searches
from services.market.spelling import code, plain

log = structlog.get_logger()

SECONDS: Final = 9.0
"""For everything: asking, and waiting for who asks already, which may take so much longer:"""
SPARE_SECONDS: Final = 2.0
FEWEST_DAYS: Final = 400
"""So far back is asked at least: what another model needs tomorrow is there already."""
DAYS_A_CLOSE: Final = 2
"""Five closes take a week, and may take more than that where not every day has trades: see SILENT_SHARE."""
HOLIDAYS: Final = 30
MOST_DAYS: Final = 8_700
SYMBOL: Final = re.compile(r"[A-Za-z0-9._:^=-]{1,36}")


class Market:
    """Belongs to one process. `url`: of ISS. `language`: that of the shop, for the names in manifests. `seconds`: after
    which nobody waits any more."""

    def __init__(self, db: Database, clock: Clock, *, url: str, language: str = "ru", seconds: float = SECONDS) -> None:
        self._db, self._clock, self._language = db, clock, language
        self._reader = BoundedReader(seconds - SPARE_SECONDS)
        self._moex = MoscowExchange(url, self._reader)
        self._searches = Searches(clock)
        self._fetching = Fetching(db, clock, seconds)

    async def find(self, source: LivePrices, text: str) -> Sequence[Instrument]:
        """At most 20 papers; an exact ticker or ISIN is the only one. Raises InstrumentUnknown, ExchangeSilent."""
        if not plain(text):
            raise InstrumentUnknown("")
        if source.provider == csv.NAME:
            found = await self._files(source).find(text)  # it asks nobody
        else:
            found = await self._known(source, text) or await self._search(source, text)
        if not found:
            raise InstrumentUnknown(plain(text))
        return found

    async def closes(self, source: LivePrices, symbol: str, *, least: int) -> ClosingPrices:
        """At least `least` closes, up to the last finished trading day. Raises leaves of NoPrices."""
        named = self._files(source).instrument(symbol) if source.provider == csv.NAME else None
        if named is None and source.provider == csv.NAME:
            raise InstrumentUnknown(plain(symbol))
        key, day = _key_of(source, symbol), today(self._clock())
        since = day - dt.timedelta(days=min(max(FEWEST_DAYS, least * DAYS_A_CLOSE + HOLIDAYS), MOST_DAYS))
        kept, stale = await self._fetching.get(self._provider(source), key, since)
        assert kept.told is not None
        assert kept.fetched_at is not None
        due = key.hours.last_finished(kept.fetched_at)
        # another model may call the same file otherwise
        told = kept.told if named is None else replace(kept.told, instrument=named)
        return judge(told, least=least, since=since, due=due, fetched_at=kept.fetched_at, stale=stale)

    async def history(self, source: LivePrices, symbol: str, *, since: dt.date) -> PaperHistory:
        """All closes from `since` on, whatever became of the paper. Raises AnswerUnreadable, ExchangeSilent (also where
        its splits cannot be had), InstrumentUnknown."""
        key, day = _key_of(source, symbol), today(self._clock())
        first = day - dt.timedelta(days=MOST_DAYS)
        since = max(first, min(since, day - dt.timedelta(days=FEWEST_DAYS)))
        kept, forgotten = await self._fetching.look_back(self._provider(source), key, since)
        assert kept.told is not None
        assert kept.fetched_at is not None
        if not kept.told.splits_known:
            raise ExchangeSilent()
        return history_of(kept.told, since=since, due=key.hours.last_finished(kept.fetched_at), forgotten=forgotten)

    async def favourites(self, user_id: int, source: LivePrices) -> Sequence[Instrument]:
        """What the customer took of it, the newest first."""
        return await self._db.read(favourites.favourites_of, user_id, source)

    async def remember(self, user_id: int, source: LivePrices, instrument: Instrument) -> None:
        await self._db.write(favourites.remember, user_id, source.key, instrument, self._clock())

    async def forget_old(self) -> int:
        return await self._db.write(cache.forget_old, self._clock())

    async def close(self) -> None:
        await self._reader.close()

    async def _known(self, source: LivePrices, text: str) -> Sequence[Instrument]:
        """What is kept of the ticker or ISIN, or was found lately."""
        if (typed := code(text)) is not None:
            since = last_finished(self._clock()) - dt.timedelta(days=STALE_DAYS)
            kept = await self._db.read(cache.find_kept, source.key, typed, source.provider, since)
            if kept is not None:
                return [kept.instrument]
        return self._searches.get(source.key, text) or ()

    async def _search(self, source: LivePrices, text: str) -> Sequence[Instrument]:
        try:
            found = await self._provider(source).find(text)
        except (ProviderAway, ProviderNonsense) as error:
            log.warning("exchange_silent", provider=source.provider, problem=str(error))
            raise ExchangeSilent() from None
        if found:
            self._searches.put(source.key, text, found)
        return found

    def _provider(self, source: LivePrices) -> PriceProvider:
        return self._files(source) if source.provider == csv.NAME else self._moex

    def _files(self, source: LivePrices) -> CsvPrices:
        return CsvPrices(source, self._reader, self._language)


def _key_of(source: LivePrices, symbol: str) -> SeriesKey:
    """Raises InstrumentUnknown for what no address may hold."""
    if not SYMBOL.fullmatch(symbol):
        raise InstrumentUnknown(plain(symbol))
    return SeriesKey(provider=source.key, symbol=symbol, name=source.provider, hours=hours_of(source))
