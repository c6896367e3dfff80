"""What every provider of closes does, and how it fails."""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from services.market.prices import Instrument
from services.market.told import ToldSeries


class ProviderAway(Exception):
    """It cannot be reached, does not answer in time, or says that something is wrong with it."""


class ProviderNonsense(Exception):
    """It answered, and what it said is not what it was asked for."""


class ProviderForgot(ProviderNonsense):
    """It knew the paper once, and does not any more."""


class PriceProvider(Protocol):
    """Raises ProviderAway, ProviderNonsense; takes no longer than its deadline."""

    async def find(self, text: str) -> Sequence[Instrument]:
        """Papers that fit what somebody typed; none where nothing does. An exact ticker or ISIN is the only one."""
        ...

    async def series(self, symbol: str, *, since: dt.date, today: dt.date) -> ToldSeries | None:
        """None of a paper that it does not know. Days after `today` are nonsense."""
        ...
