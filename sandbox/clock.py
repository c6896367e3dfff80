"""The time that everything in the sandbox lives by: the system's, plus whatever a test moved it forward."""

import asyncio
import time
from collections.abc import Callable


class Timer:
    def __init__(self, clock: "Clock", deadline: float, callback: Callable[[], None]) -> None:
        self._clock = clock
        self._callback = callback
        self._handle: asyncio.TimerHandle | None = None
        self.deadline = deadline

    def arm(self) -> None:
        self.disarm()
        left = max(0.0, self.deadline - self._clock.now())
        self._handle = asyncio.get_running_loop().call_later(left, self._fire)

    def disarm(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def cancel(self) -> None:
        self.disarm()
        self._clock.forget(self)

    def _fire(self) -> None:
        self._clock.forget(self)
        self._callback()


class Clock:
    """Seconds since the epoch. `source` is replaced in tests by a constant, so that only `advance` moves time."""

    def __init__(self, source: Callable[[], float] = time.time, *, offset: float = 0.0) -> None:
        self.moved = Signal()
        self._source = source
        self._offset = offset
        self._timers: set[Timer] = set()

    def now(self) -> float:
        return self._source() + self._offset

    @property
    def offset(self) -> float:
        """How far it was moved, in seconds."""
        return self._offset

    def advance(self, seconds: float) -> None:
        self._offset += seconds
        for timer in sorted(self._timers, key=lambda each: each.deadline):
            timer.arm()
        self.moved.notify()

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        timer = Timer(self, self.now() + seconds, callback)
        self._timers.add(timer)
        timer.arm()
        return timer

    def forget(self, timer: Timer) -> None:
        self._timers.discard(timer)

    async def sleep(self, seconds: float) -> None:
        await Signal().wait(self, seconds)


class Signal:
    """Something happened: wakes everyone who waits, keeps no memory of the past."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[bool]] = set()

    def notify(self) -> None:
        for waiter in self._waiters:
            _settle(waiter, True)
        self._waiters.clear()

    async def wait(self, clock: Clock, seconds: float) -> bool:
        """True when notified, False when `seconds` went by first."""
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        timer = clock.call_later(seconds, lambda: _settle(waiter, False))
        try:
            return await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)


def _settle(waiter: asyncio.Future[bool], value: bool) -> None:
    if not waiter.done():
        waiter.set_result(value)
