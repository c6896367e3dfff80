"""Rows of many callers in one run: what waits is collected, nobody waits for a batch to fill. What is the same wherever
the run takes place."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from services.errors import ShopError
from services.inference.errors import ModelUnavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Waiters: TypeAlias = list[tuple[Item, asyncio.Future[Answer]]]


class Collector(ABC, Generic[Item, Answer]):
    """Belongs to one event loop; up to `parallel` batches are under way at once."""

    def __init__(self, *, max_batch: int, timeout: float, parallel: int) -> None:
        self._max_batch, self._timeout, self._parallel = max_batch, timeout, parallel
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._free = parallel
        self._woken = False
        self._closed = False
        self._retired: asyncio.Future[None] = self._loop.create_future()

    @abstractmethod
    def _begin(self, batch: Waiters[Item, Answer]) -> None:
        """Run it without waiting for it; `_end` follows in any case."""

    def _size(self) -> int:
        """How many of those that wait go together now."""
        return min(self._max_batch, len(self._waiting))

    def _begin_aside(self) -> None:
        """Where places are free that no row waits for: what is not urgent."""

    def run(self, item: Item) -> asyncio.Future[Answer]:
        """The answer for this item alone. A caller that is cancelled is dropped, its batch goes on without it while
        somebody waits for that."""
        if self._closed:
            raise ModelUnavailable()
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((item, future))
        if self._free and not self._woken:
            self._woken = True
            self._loop.call_soon(self._start)  # after whoever else is ready now: they come along
        return future

    def retire(self, *, refuse: bool) -> asyncio.Future[None]:
        """No more rows. Those that wait get ModelUnavailable or their answer; the future is done after the last."""
        self._closed = True
        while refuse and self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(ModelUnavailable())
        self._settle()
        return self._retired

    def _settle(self) -> None:
        if self._closed and not self._waiting and self._free == self._parallel and not self._retired.done():
            self._retired.set_result(None)

    def _start(self) -> None:
        self._woken = False
        while self._waiting and self._free:
            taken = [self._waiting.popleft() for _ in range(self._size())]
            batch = [waiter for waiter in taken if not waiter[1].done()]
            if batch:
                self._free -= 1
                self._begin(batch)
        self._begin_aside()
        self._settle()  # where nobody waits for any of them any more

    def _end(self) -> None:
        """A batch is not under way any more."""
        self._free += 1
        if not self._woken:
            self._start()
        self._settle()

    @staticmethod
    def _tell(batch: Waiters[Item, Answer], answers: Sequence[Answer | ShopError]) -> None:
        """Each caller that still waits its own answer."""
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, ShopError):
                future.set_exception(answer)
            else:
                future.set_result(answer)
