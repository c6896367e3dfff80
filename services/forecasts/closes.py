"""Closes that a forecast of the list may be made of."""

import datetime as dt

from services.errors import N_
from services.forecasts.sources import PriceSource
from services.manifests.inputs import SeriesInput
from services.manifests.live import LivePrices
from services.market.errors import NoPrices
from services.market.prices import ClosingPrices


class PricesOutdated(NoPrices):
    """Of a source that is away, or whose splits are: those of a customer who agrees to them may be sold."""

    message = N_("The exchange gives no newer prices of {symbol} just now. Please try again later.")

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol=symbol)


class JumpUnexplained(NoPrices):
    figures = frozenset({"day"})
    message = N_(
        "The price of {symbol} jumped on {day}, and no split of the paper explains it: "
        "nothing is forecast of such prices."
    )

    def __init__(self, *, symbol: str, day: dt.date) -> None:
        super().__init__(symbol=symbol, day=day.isoformat())


async def listed_closes(market: PriceSource, source: LivePrices, symbol: str, field: SeriesInput) -> ClosingPrices:
    """Those that are sent to the model. Raises leaves of NoPrices."""
    prices = await market.closes(source, symbol, least=field.min_length)
    if prices.stale or not prices.splits_known:
        raise PricesOutdated(symbol)
    sent = prices.last(field.max_length)
    if sent.jumps:
        raise JumpUnexplained(symbol=symbol, day=sent.jumps[-1].day)
    return sent
