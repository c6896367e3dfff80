"""Whether those answer who tell prices of papers, where a model asks for them."""

import datetime as dt
from collections.abc import Iterable
from typing import Final

from bot.doctor.findings import Finding, good, poor
from bot.settings import Settings
from bot.wiring.inference import RUNTIMES
from services.clock import Clock
from services.manifests.inputs import SeriesInput
from services.manifests.live import LivePrices
from services.market.days import hours_of
from services.market.providers.base import PriceProvider, ProviderAway, ProviderNonsense
from services.market.providers.csv import CsvPrices
from services.market.providers.http import BoundedReader
from services.market.providers.moex import MoscowExchange
from services.models.folders import read_folders

PAPER: Final = "SBER"
SECONDS: Final = 7.0
BACK: Final = dt.timedelta(days=20)
NAME: Final = "prices"
MEANWHILE: Final = "until it answers, customers get prices of at most a week ago, or send their own"


async def prices(settings: Settings, clock: Clock) -> list[Finding]:
    """One paper of each source is asked for."""
    sources = {source.key: source for source in _sources(settings)}
    if not sources:
        return [good(NAME, "no model asks for prices of papers")]
    reader = BoundedReader(SECONDS)
    try:
        return [await _look(source, settings, reader, clock) for source in sources.values()]
    finally:
        await reader.close()


def _sources(settings: Settings) -> Iterable[LivePrices]:
    manifests, _ = read_folders(settings.models_dir, RUNTIMES.specs)
    for manifest in manifests.values():
        for question in manifest.inputs:
            if isinstance(question, SeriesInput):
                yield from question.live


async def _look(source: LivePrices, settings: Settings, reader: BoundedReader, clock: Clock) -> Finding:
    provider: PriceProvider
    if source.provider == "moex":
        provider, place, symbol = MoscowExchange(settings.market_data_url, reader), settings.market_data_url, PAPER
    else:
        provider = CsvPrices(source, reader, settings.default_language)
        place, symbol = source.url or "", source.symbols[0].value
    fix = f"check the network and {'MARKET_DATA_URL' if source.provider == 'moex' else 'the manifest'}; {MEANWHILE}"
    day = hours_of(source).today(clock())
    try:
        told = await provider.series(symbol, since=day - BACK, today=day)
    except ProviderAway as error:
        return poor(NAME, f"{place} does not answer: {error}", fix)
    except ProviderNonsense as error:
        return poor(NAME, f"{place} gives no prices of {symbol}: {error}", fix)
    if told is None or told.last is None:
        return poor(NAME, f"{place} knows no {symbol}", fix)
    return good(NAME, f"{place}: the last close of {symbol} is of {told.last.isoformat()}")
