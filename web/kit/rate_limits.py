"""What strangers may ask for as often as they like must cost little: looks are shared, lines of the log are few."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

LINES = 10  # in a minute
MINUTE = 60.0


class Cached(Generic[T]):
    """One look for all who ask within so many `seconds`, by one at a time. It goes to the database; they must not take
    its connections from customers."""

    def __init__(self, look: Callable[[], Awaitable[T]], *, seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._one_at_a_time = asyncio.Lock()
        self._seen: tuple[float, T] | None = None

    async def __call__(self) -> T:
        async with self._one_at_a_time:
            now = asyncio.get_running_loop().time()
            if self._seen is None or now - self._seen[0] >= self._seconds:
                self._seen = now, await self._look()
            return self._seen[1]


class LogLimit:
    """Some lines a minute: else whoever calls all day fills the disk."""

    def __init__(self) -> None:
        self._began = 0.0
        self._lines = 0

    def left_out(self, now: float) -> int | None:
        """How many lines were not written since the last minute with any; None where this one is not to be written
        either. `now` is in seconds of any clock that does not jump."""
        left_out = 0
        if now - self._began >= MINUTE:
            left_out = max(0, self._lines - LINES)
            self._began, self._lines = now, 0
        self._lines += 1
        return left_out if self._lines <= LINES else None
