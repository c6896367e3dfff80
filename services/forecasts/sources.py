"""What forecasts need of the market."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from services.manifests.live import LivePrices
from services.market.prices import ClosingPrices, Instrument, PaperHistory


class PriceSource(Protocol):
    """A Market. Never asked inside a transaction."""

    async def find(self, source: LivePrices, text: str) -> Sequence[Instrument]: ...

    async def closes(self, source: LivePrices, symbol: str, *, least: int) -> ClosingPrices: ...

    async def history(self, source: LivePrices, symbol: str, *, since: dt.date) -> PaperHistory: ...
