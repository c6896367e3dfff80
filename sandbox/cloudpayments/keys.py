"""`X-Request-ID`: a call that succeeded is done once; its result is kept for an hour."""

import asyncio
from collections.abc import Awaitable, Callable

from sandbox.clock import Clock

KEPT_SECONDS = 3600.0


class Results:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, bytes]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def once(self, key: str | None, act: Callable[[], Awaitable[tuple[bool, bytes]]]) -> bytes:
        """`act` answers whether it succeeded, and with what. Calls with one key wait for one another."""
        if key is None:
            return (await act())[1]
        async with self._locks.setdefault(key, asyncio.Lock()):
            until, answer = self._kept.get(key, (0.0, b""))
            if self._clock.now() < until:
                return answer
            is_done, answer = await act()
            if is_done:
                self._kept[key] = (self._clock.now() + KEPT_SECONDS, answer)
            return answer
