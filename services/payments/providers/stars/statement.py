"""Telegram's list of the bot's transactions, from its newest end. Telegram counts from the oldest, and does not say how
many there are."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from services.clock import Clock
from services.payments.providers.stars.gateway import StarsGateway, StarTransaction

ON_PAGE: Final = 100  # the API's most
KEPT: Final = timedelta(days=2)  # who pays late has paid by then


class StarStatement:
    """What was read is remembered by this process alone: the newest, and how many came before them."""

    def __init__(self, gateway: StarsGateway, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock
        self._reading = asyncio.Lock()
        self._recent: list[StarTransaction] = []
        self._begin: int | None = None  # how many are older than these; None: nothing was read yet

    async def since(self, moment: datetime) -> list[StarTransaction]:
        """Oldest first. Raises `ProviderError`."""
        async with self._reading:
            begin = await self._read_on()
            found = list(self._recent)
            while begin > 0 and (not found or found[0].at >= moment):
                size = min(ON_PAGE, begin)
                begin -= size
                found = [*await self._gateway.transactions(begin, size), *found]
            self._remember(begin, found)
        return [each for each in found if each.at >= moment]

    async def _read_on(self) -> int:
        """To the newest."""
        if self._begin is None:
            self._begin = await self._count()
        while True:
            page = await self._gateway.transactions(self._begin + len(self._recent), ON_PAGE)
            self._recent += page
            if len(page) < ON_PAGE:
                return self._begin

    async def _count(self) -> int:
        """How many there are, by doubling and halving."""
        some, none = 0, ON_PAGE
        while await self._gateway.transactions(none - 1, 1):
            some, none = none, none * 2
        while some < none - 1:
            middle = (some + none) // 2
            if await self._gateway.transactions(middle - 1, 1):
                some = middle
            else:
                none = middle
        return some

    def _remember(self, begin: int, found: list[StarTransaction]) -> None:
        """With one that is too old: it says that none is missing after it."""
        old = self._clock() - KEPT
        gone = max(sum(each.at < old for each in found) - 1, 0)
        self._begin, self._recent = begin + gone, found[gone:]
