"""One process alone: what it remembers is in its own memory."""

from collections import OrderedDict, defaultdict, deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TypeVar

from services.coordination.base import Heard, Quota, Rate, Topic
from services.coordination.locks import KeyedLocks

T = TypeVar("T")
REMEMBERED = 10_000  # keys of each kind; the oldest are forgotten
SWEEP_SECONDS = 60.0  # and what has ended is, so often


class MemoryCoordination:
    """`time`: in seconds, of any beginning."""

    def __init__(self, time: Callable[[], float] = monotonic) -> None:
        self._time = time
        self._claims: OrderedDict[str, tuple[str, float]] = OrderedDict()  # owner and end
        self._rates: OrderedDict[str, float] = OrderedDict()  # when the next place is free
        self._counts: dict[str, tuple[float, deque[float]]] = {}  # how long each time counts, and the times
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()  # when each ends, how often it happened
        self._locks: KeyedLocks[str] = KeyedLocks()
        self._ears: dict[Topic, list[Heard]] = defaultdict(list)
        self._swept = time()

    async def seen(self, key: str) -> bool:
        return self._owner(key) is not None

    async def remember(self, key: str, *, seconds: float) -> None:
        await self.claim(key, "", seconds=seconds)

    async def claim(self, key: str, owner: str, *, seconds: float) -> bool:
        if self._owner(key) not in (None, owner):
            return False
        self._sweep()
        self._claims[key] = owner, self._time() + seconds
        _keep_newest(self._claims, key)
        return True

    async def allow(self, key: str, *, times: int, seconds: float) -> bool:
        self._sweep()
        now = self._time()
        counted = self._counts.get(key)
        made = counted[1] if counted is not None and _counts_still(counted, now) else deque[float](maxlen=times)
        if len(made) == times and made[0] + seconds > now:
            return False
        made.append(now)
        self._counts[key] = seconds, made
        return True

    async def take(self, key: str, *, times: int, seconds: float) -> Quota:
        now = self._time()
        ends, count = self._windows.get(key, (0.0, 0))
        if ends <= now:
            ends, count = now + seconds, 0
        self._windows[key] = ends, count + 1
        _keep_newest(self._windows, key)
        return Quota(left=times - count - 1, resets=ends - now)

    async def book(self, crowd: Rate, own: Rate) -> float:
        self._sweep()
        now = self._time()
        free = max(now, self._rates.get(crowd.key, now))
        at = max(free, self._rates.get(own.key, now))
        self._rates[crowd.key] = free + crowd.seconds
        self._rates[own.key] = at + own.seconds
        for rate in (own, crowd):
            _keep_newest(self._rates, rate.key)
        return at - now

    @asynccontextmanager
    async def hold(self, key: str, *, alone_if_away: bool = False) -> AsyncGenerator[None, None]:
        async with self._locks.hold(key):
            yield

    def hear(self, topic: Topic, heard: Heard) -> None:
        self._ears[topic].append(heard)

    def tell(self, topic: Topic, what: str = "") -> None:
        for heard in self._ears[topic]:
            heard(what)

    async def run(self) -> None:
        """Nobody else is there."""

    def _sweep(self) -> None:
        if (now := self._time()) < self._swept + SWEEP_SECONDS:
            return
        self._swept = now
        self._claims = OrderedDict((key, claim) for key, claim in self._claims.items() if claim[1] > now)
        self._rates = OrderedDict((key, free) for key, free in self._rates.items() if free > now)
        self._counts = {key: counted for key, counted in self._counts.items() if _counts_still(counted, now)}

    def _owner(self, key: str) -> str | None:
        owner, until = self._claims.get(key, ("", 0.0))
        return owner if until > self._time() else None


def _counts_still(counted: tuple[float, deque[float]], now: float) -> bool:
    seconds, made = counted
    return made[-1] + seconds > now


def _keep_newest(kept: OrderedDict[str, T], key: str) -> None:
    kept.move_to_end(key)
    if len(kept) > REMEMBERED:
        kept.popitem(last=False)
