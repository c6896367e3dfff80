"""Rows of many callers in one run: what waits is collected, nobody waits for a batch to fill.

Two runs at once are quicker than one: while one computes, the rows of the other are made into arrays and its callers
are answered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeAlias, TypeVar

import structlog

from services.errors import ShopError
from services.inference.errors import ModelUnavailable, NotTried, RunFailed, RunTimeout
from services.inference.runtimes.base import Limit

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Run: TypeAlias = Callable[[Sequence[Item], Limit], Sequence[Answer | ShopError]]
Waiters: TypeAlias = list[tuple[Item, asyncio.Future[Answer]]]

_WORTH_SHARING = 32  # rows; fewer are not cut in two, since a run costs some 30 µs by itself

log = structlog.get_logger()


class Watch:
    """Looks, on the loop, whether the present run's time is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, limit: Limit) -> None:
        self._loop, self._limit = loop, limit
        self._timer = loop.call_later(limit.seconds, self._look)

    def _look(self) -> None:
        self._timer = self._loop.call_later(max(self._limit.left(), 0.05), self._look)

    def cancel(self) -> None:
        self._timer.cancel()


class Batcher(Generic[Item, Answer]):
    """Belongs to one event loop; it has no task of its own: batches run in the executor and report to the loop."""

    def __init__(
        self, run: Run[Item, Answer], *, executor: Executor, max_batch: int, timeout: float, parallel: int = 1
    ):
        """`run` is called in the executor, up to `parallel` times at once, and has `timeout` seconds for each run."""
        self._run, self._executor, self._max_batch, self._timeout = run, executor, max_batch, timeout
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._free = parallel
        self._parallel = parallel
        self._woken = False
        self._closed = False
        self._retired: asyncio.Future[None] = self._loop.create_future()

    def run(self, item: Item) -> asyncio.Future[Answer]:
        """The answer for this item alone. A caller that is cancelled is dropped, its batch goes on without it."""
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
            count = len(self._waiting)
            size = min(self._max_batch, count if count <= _WORTH_SHARING else -(-count // self._free))
            taken = [self._waiting.popleft() for _ in range(size)]
            batch = [waiter for waiter in taken if not waiter[1].done()]
            if batch:
                self._free -= 1
                limit = Limit(self._timeout)
                self._executor.submit(self._work, batch, limit, Watch(self._loop, limit))

    def _work(self, batch: Waiters[Item, Answer], limit: Limit, watch: Watch) -> None:
        """In a thread of the executor."""
        answers = self._answers(batch, limit)
        self._loop.call_soon_threadsafe(self._finish, batch, answers, watch)

    def _answers(self, batch: Waiters[Item, Answer], limit: Limit) -> Sequence[Answer | ShopError]:
        try:
            answers = self._run([item for item, _ in batch], limit)
            if len(answers) != len(batch):
                raise RunFailed(problem=f"{len(answers)} answers for {len(batch)} rows")
            return answers
        except ShopError as error:
            return [error] if len(batch) == 1 else self._one_by_one(batch, limit)
        except Exception as error:
            log.exception("run_crashed")
            return [RunFailed(problem=repr(error))] if len(batch) == 1 else self._one_by_one(batch, limit)

    def _one_by_one(self, batch: Waiters[Item, Answer], limit: Limit) -> Sequence[Answer | ShopError]:
        """A poison row fails alone. A model that hangs for every row is not waited for row by row."""
        answers: list[Answer | ShopError] = []
        timeouts = 0
        for waiter in batch:
            if waiter[1].done() or timeouts == 2:
                answers.append(NotTried())
                continue
            answer = self._answers([waiter], limit)[0]
            timeouts += isinstance(answer, RunTimeout)
            answers.append(answer)
        return answers

    def _finish(self, batch: Waiters[Item, Answer], answers: Sequence[Answer | ShopError], watch: Watch) -> None:
        watch.cancel()
        self._free += 1
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, ShopError):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        if self._waiting and not self._woken:
            self._start()
        self._settle()
