"""What an answer with live prices remembers of where they come from; beside its values, as JSON."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from services.market.prices import ClosingPrices, Instrument, PriceJump, StockSplit


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOrigin:
    """`first` and `last`: days of the first and the last value that is sent to the model."""

    instrument: Instrument
    first: dt.date
    last: dt.date
    splits: Sequence[StockSplit] = ()
    jumps: Sequence[PriceJump] = ()
    stale: bool = False
    fetched_at: dt.datetime

    @classmethod
    def of(cls, prices: ClosingPrices) -> Self:
        """Of just those that are sent."""
        return cls(
            instrument=prices.instrument,
            first=prices.days[0],
            last=prices.days[-1],
            splits=tuple(prices.splits),
            jumps=tuple(prices.jumps),
            stale=prices.stale,
            fetched_at=prices.fetched_at,
        )

    def dump(self) -> dict[str, Any]:  # Any: JSON
        paper = self.instrument
        address = {"address": paper.address} if paper.address else {}
        return {
            "provider": paper.provider,
            "symbol": paper.symbol,
            "name": paper.name,
            "exchange": paper.exchange,
            **address,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "splits": [each.dump() for each in self.splits],
            "jumps": [[each.day.isoformat(), each.change] for each in self.jumps],
            "stale": self.stale,
            "fetched_at": self.fetched_at.isoformat(),
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:  # Any: JSON
        """Raises ValueError, TypeError or KeyError for what `dump` did not write."""
        names = ("provider", "symbol", "name", "exchange")
        return cls(
            instrument=Instrument(**{name: str(data[name]) for name in names}, address=str(data.get("address", ""))),
            first=dt.date.fromisoformat(data["first"]),
            last=dt.date.fromisoformat(data["last"]),
            splits=tuple(StockSplit.load(each) for each in data["splits"]),
            jumps=tuple(
                PriceJump(day=dt.date.fromisoformat(day), change=float(change)) for day, change in data["jumps"]
            ),
            stale=bool(data["stale"]),
            fetched_at=dt.datetime.fromisoformat(data["fetched_at"]),
        )


def origin_of(value: object) -> PriceOrigin | None:
    """Of an answer; None for one that is not of live prices."""
    if not (isinstance(value, Mapping) and isinstance(live := value.get("live"), Mapping)):
        return None
    try:
        return PriceOrigin.load(live)
    except (KeyError, TypeError, ValueError):
        return None
