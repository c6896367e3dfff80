"""What forecasts need of the market."""

from collections.abc import Sequence
from typing import Protocol

from services.manifests.live import LivePrices
from services.market.prices import ClosingPrices, Instrument


class PriceSource(Protocol):
    """A Market. Never asked inside a transaction."""

    async def find(self, source: LivePrices, text: str) -> Sequence[Instrument]: ...

    async def closes(self, source: LivePrices, symbol: str, *, least: int) -> ClosingPrices: ...
