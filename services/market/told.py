"""What a provider told of a paper, as it told it: nothing is divided by splits."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from services.market.prices import Instrument, StockSplit

Close = tuple[dt.date, float | None]
"""None: there is a row of the day, and nobody traded."""
MAX_ROWS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldSeries:
    """`closes` ascend. `is_traded`: as the exchange says today. `last`: of the last day with a close that is known of,
    which may be before the days that were asked for; None of what was never traded. `splits_known`: whether
    the table of splits could be had."""

    instrument: Instrument
    isin: str | None = None
    closes: Sequence[Close] = ()
    splits: Sequence[StockSplit] = ()
    splits_known: bool = True
    is_traded: bool = True
    last: dt.date | None = None

    def dump(self) -> dict[str, Any]:  # Any: JSON
        return {
            "name": self.instrument.name,
            "exchange": self.instrument.exchange,
            "is_traded": self.is_traded,
            "last": self.last and self.last.isoformat(),
            "closes": [[day.isoformat(), close] for day, close in self.closes],
            "splits_known": self.splits_known,
            "splits": [split.dump() for split in self.splits],
        }

    @classmethod
    def load(cls, kept: dict[str, Any], *, provider: str, symbol: str, isin: str | None) -> Self:  # Any: JSON
        day = dt.date.fromisoformat
        return cls(
            instrument=Instrument(provider=provider, symbol=symbol, name=kept["name"], exchange=kept["exchange"]),
            isin=isin,
            closes=[(day(each), close) for each, close in kept["closes"]],
            splits=[StockSplit.load(each) for each in kept["splits"]],
            splits_known=kept.get("splits_known", False),  # rows of before do not tell
            is_traded=kept["is_traded"],
            last=day(kept["last"]) if kept["last"] else None,
        )
