"""Rows of many callers for a model at a server: a few requests at once, no thread for any of them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeAlias, TypeVar

import structlog

from services.errors import ShopError
from services.inference.errors import ModelUnavailable, NotTried, RunFailed, RunTimeout

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Ask: TypeAlias = Callable[[Sequence[Item]], Awaitable[Sequence[Answer | ShopError]]]
Asked: TypeAlias = list[tuple[Item, asyncio.Future[Answer]]]

log = structlog.get_logger()


class AwaitingBatcher(Generic[Item, Answer]):
    """Belongs to one event loop and keeps the tasks of what is under way. `timeout` in seconds for each request."""

    def __init__(self, ask: Ask[Item, Answer], *, max_batch: int, timeout: float, parallel: int) -> None:
        self._ask, self._max_batch, self._timeout, self._parallel = ask, max_batch, timeout, parallel
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._woken = False
        self._closed = False
        self._retired: asyncio.Future[None] = self._loop.create_future()

    def run(self, item: Item) -> asyncio.Future[Answer]:
        """The answer for this item alone. A request that no caller waits for any more is given up."""
        if self._closed:
            raise ModelUnavailable()
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting.append((item, future))
        if not self._woken:
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

    def stop(self) -> None:
        """Wait for no answer any more: the process ends."""
        for task in self._tasks:
            task.cancel()

    def _settle(self) -> None:
        if self._closed and not self._waiting and not self._tasks and not self._retired.done():
            self._retired.set_result(None)

    def _start(self) -> None:
        self._woken = False
        while self._waiting and len(self._tasks) < self._parallel:
            taken = [self._waiting.popleft() for _ in range(min(self._max_batch, len(self._waiting)))]
            batch = [asked for asked in taken if not asked[1].done()]
            if batch:
                task = self._loop.create_task(self._work(batch))
                self._tasks.add(task)
                for _, future in batch:
                    future.add_done_callback(partial(self._given_up, task, batch))
                task.add_done_callback(self._ended)
        self._settle()  # where nobody waits for any of them any more

    def _given_up(self, task: "asyncio.Task[None]", batch: Asked[Item, Answer], future: asyncio.Future[Answer]) -> None:
        if future.cancelled() and all(waiter.done() for _, waiter in batch):
            task.cancel()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if self._waiting and not self._woken:
            self._start()
        self._settle()

    async def _work(self, batch: Asked[Item, Answer]) -> None:
        try:
            answers = await self._answers(batch)
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, ShopError):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _answers(self, batch: Asked[Item, Answer]) -> Sequence[Answer | ShopError]:
        try:
            async with asyncio.timeout(self._timeout):
                answers = await self._ask([item for item, _ in batch])
            if len(answers) != len(batch):
                raise RunFailed(problem=f"{len(answers)} answers for {len(batch)} rows")
            return answers
        except TimeoutError:
            return await self._apart(batch, RunTimeout(seconds=self._timeout))
        except ModelUnavailable as error:  # not a row's fault
            return [error] * len(batch)
        except ShopError as error:
            return await self._apart(batch, error)
        except Exception as error:
            log.exception("run_crashed")
            return await self._apart(batch, RunFailed(problem=repr(error)))

    async def _apart(self, batch: Asked[Item, Answer], error: ShopError) -> Sequence[Answer | ShopError]:
        """A poison row fails alone. A server that hangs for every row is not waited for row by row."""
        if len(batch) == 1:
            return [error]
        answers: list[Answer | ShopError] = []
        timeouts = 0
        for asked in batch:
            if asked[1].done() or timeouts == 2:
                answers.append(NotTried())
                continue
            (answer,) = await self._answers([asked])
            timeouts += isinstance(answer, RunTimeout)
            answers.append(answer)
        return answers
