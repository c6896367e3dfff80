"""What an exchange tells of a paper: who it is, and its daily closes, oldest first, divided by later splits."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A paper as its provider spells it: `symbol` finds it again, `exchange` says where it is traded, `address` tells
    its file from others of the same provider; see LivePrices."""

    provider: str
    symbol: str
    name: str
    exchange: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSplit:
    """From this day on there are `after` papers for every `before`; earlier closes were divided by after / before."""

    day: dt.date
    before: int
    after: int

    def dump(self) -> list[Any]:  # Any: JSON
        return [self.day.isoformat(), self.before, self.after]

    @classmethod
    def load(cls, told: Sequence[Any]) -> Self:  # Any: as above
        day, before, after = told
        return cls(day=dt.date.fromisoformat(day), before=int(before), after=int(after))


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceJump:
    """A change between two neighbouring closes that no split explains; `change` is a share: -0.6 is a fall of 60 %."""

    day: dt.date
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingPrices:
    """Closes of days with trades, ascending. `days` and `values` have the same length."""

    instrument: Instrument
    days: Sequence[dt.date]
    values: Sequence[float]
    splits: Sequence[StockSplit] = ()
    jumps: Sequence[PriceJump] = ()
    splits_known: bool = True
    fetched_at: dt.datetime
    stale: bool = False
    """The provider did not answer: these are what it told before."""

    def last(self, count: int) -> Self:
        """The newest `count` of them, with the splits and jumps between these."""
        days = self.days[-count:]
        return replace(
            self,
            days=days,
            values=self.values[-count:],
            splits=[split for split in self.splits if split.day > days[0]],
            jumps=[jump for jump in self.jumps if jump.day > days[0]],
        )


class HistoryEnd(StrEnum):
    """Why no more closes will come."""

    DELISTED = "delisted"
    HALTED = "halted"
    UNKNOWN = "unknown"
    """Its source knew it once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperHistory:
    """All closes that there are, of whatever became of the paper; `end` is None of one that is traded."""

    days: Sequence[dt.date]
    values: Sequence[float]
    jumps: Sequence[PriceJump] = ()
    end: HistoryEnd | None = None
