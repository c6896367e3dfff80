"""A series out of the cache, or from its provider: one process asks, once a day, and the others wait for it."""

import asyncio
import datetime as dt
from typing import Final
from weakref import WeakValueDictionary

import structlog

from db.engine import Database
from services.clock import Clock
from services.market import cache
from services.market.cache import KeptSeries, SeriesKey
from services.market.errors import AnswerUnreadable, ExchangeSilent, InstrumentUnknown
from services.market.providers.base import PriceProvider, ProviderAway, ProviderForgot, ProviderNonsense

log = structlog.get_logger()

STALE_DAYS: Final = 7
"""Of an exchange that is silent, older closes are not sold."""
LOOK_SECONDS: Final = 0.1


class Fetching:
    """Belongs to one process. `seconds`: after which nobody waits any more."""

    def __init__(self, db: Database, clock: Clock, seconds: float) -> None:
        self._db, self._clock, self._seconds = db, clock, seconds
        self._asking: WeakValueDictionary[SeriesKey, asyncio.Lock] = WeakValueDictionary()

    async def get(self, provider: PriceProvider, key: SeriesKey, since: dt.date) -> tuple[KeptSeries, bool]:
        """A series that reaches back so far, and whether it is stale. Raises AnswerUnreadable, ExchangeSilent,
        InstrumentUnknown."""
        lock = self._asking.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self._seconds), lock:
                return await self._fresh(provider, key, since), False
        except (TimeoutError, ProviderAway, ProviderNonsense) as error:
            log.warning("prices_not_had", provider=key.name, symbol=key.symbol, problem=str(error))
            kept = await self._db.read(cache.look, key, self._clock())
            if self._is_young(kept, key, since):
                return kept, not kept.fresh
            if isinstance(error, ProviderForgot):
                raise InstrumentUnknown(key.symbol) from None
            if isinstance(error, ProviderNonsense):
                raise AnswerUnreadable(key.symbol) from None
            raise ExchangeSilent() from None

    async def look_back(self, provider: PriceProvider, key: SeriesKey, since: dt.date) -> tuple[KeptSeries, bool]:
        """The same to look back at, and whether the provider knows the paper no more: then what was kept is all that
        will ever be."""
        kept = await self._db.read(cache.look, key, self._clock())
        try:
            found, _ = await self.get(provider, key, since)
        except InstrumentUnknown:
            if kept.told is None:
                raise
            return kept, True
        return found, False

    async def _fresh(self, provider: PriceProvider, key: SeriesKey, since: dt.date) -> KeptSeries:
        """Of the row, or of the provider where nobody else asks it. Raises ProviderAway, ProviderNonsense,
        InstrumentUnknown."""
        while True:
            now = self._clock()
            kept = await self._db.read(cache.look, key, now)
            if kept.fresh and kept.reaches(since):
                return kept
            if not kept.asked_now:
                if kept.rests:
                    raise ProviderAway("it was asked just now, in vain")
                if await self._db.write(cache.claim, key, since, now):
                    return await self._asked(provider, key, kept.to_ask(since, now), known=kept.told is not None)
            await asyncio.sleep(LOOK_SECONDS)

    async def _asked(self, provider: PriceProvider, key: SeriesKey, since: dt.date, *, known: bool) -> KeptSeries:
        now = self._clock()
        try:
            told = await provider.series(key.symbol, since=since, today=key.hours.today(now))
            if told is None and known:
                raise ProviderForgot("what it knew is not there any more")
        except (ProviderAway, ProviderNonsense):
            await self._db.write(cache.give_up, key, now)
            raise
        if told is None:
            await self._db.write(cache.forget, key)
            raise InstrumentUnknown(key.symbol)
        await self._db.write(cache.keep, key, told, since, now)
        return KeptSeries(told=told, fetched_at=now, since=since, fresh=True)

    def _is_young(self, kept: KeptSeries, key: SeriesKey, since: dt.date) -> bool:
        oldest = key.hours.last_finished(self._clock()) - dt.timedelta(days=STALE_DAYS)
        last = None if kept.told is None else kept.told.last
        return last is not None and last >= oldest and kept.reaches(since)
