"""Rows of many callers for a model at a server: a few requests at once, no thread for any of them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias

import structlog

from services.errors import ShopError
from services.inference.collecting import Answer, Collector, Item, Waiters
from services.inference.errors import ModelUnavailable, NotTried, RunFailed, RunTimeout

Ask: TypeAlias = Callable[[Sequence[Item]], Awaitable[Sequence[Answer | ShopError]]]

log = structlog.get_logger()


class AwaitingBatcher(Collector[Item, Answer]):
    """Keeps the tasks of what is under way, and gives up a request that no caller waits for any more. `timeout` in
    seconds for each request."""

    def __init__(self, ask: Ask[Item, Answer], *, max_batch: int, timeout: float, parallel: int) -> None:
        super().__init__(max_batch=max_batch, timeout=timeout, parallel=parallel)
        self._ask = ask
        self._tasks: set[asyncio.Task[None]] = set()

    def stop(self) -> None:
        """Wait for no answer any more: the process ends."""
        for task in self._tasks:
            task.cancel()

    def _begin(self, batch: Waiters[Item, Answer]) -> None:
        task = self._loop.create_task(self._work(batch))
        self._tasks.add(task)
        for _, future in batch:
            future.add_done_callback(partial(self._given_up, task, batch))
        task.add_done_callback(self._ended)

    def _given_up(
        self, task: "asyncio.Task[None]", batch: Waiters[Item, Answer], future: asyncio.Future[Answer]
    ) -> None:
        if future.cancelled() and all(waiter.done() for _, waiter in batch):
            task.cancel()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._end()

    async def _work(self, batch: Waiters[Item, Answer]) -> None:
        try:
            answers = await self._answers(batch)
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        self._tell(batch, answers)

    async def _answers(self, batch: Waiters[Item, Answer]) -> Sequence[Answer | ShopError]:
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

    async def _apart(self, batch: Waiters[Item, Answer], error: ShopError) -> Sequence[Answer | ShopError]:
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
