"""Prices of papers by ticker, for edges and jobs. Nothing here may be called inside a transaction."""

from collections.abc import Sequence
from typing import Protocol

from services.manifests.live import LivePrices
from services.market.prices import ClosingPrices, Instrument


class Market(Protocol):
    """A fresh class takes this one's place; the signatures stay."""

    async def find(self, source: LivePrices, text: str) -> Sequence[Instrument]:
        """At most 20 papers; an exact ticker or ISIN is the only one. Raises InstrumentUnknown, ExchangeSilent."""
        ...

    async def closes(self, source: LivePrices, symbol: str, *, least: int) -> ClosingPrices:
        """At least `least` closes, up to the last finished trading day. Raises leaves of NoPrices."""
        ...
