"""Rows of many callers for a model that computes here.

Two runs at once are quicker than one: while one computes, the rows of the other are made into arrays and its callers
are answered.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeAlias

import structlog

from services.errors import ShopError
from services.inference.collecting import Answer, Collector, Item, Waiters
from services.inference.errors import NotTried, RunFailed, RunTimeout
from services.inference.runtimes.base import Limit

Run: TypeAlias = Callable[[Sequence[Item], Limit], Sequence[Answer | ShopError]]

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


class Batcher(Collector[Item, Answer]):
    """It has no task of its own: batches run in the executor and report to the loop."""

    def __init__(
        self, run: Run[Item, Answer], *, executor: Executor, max_batch: int, timeout: float, parallel: int = 1
    ):
        """`run` is called in the executor, up to `parallel` times at once, and has `timeout` seconds for each run."""
        super().__init__(max_batch=max_batch, timeout=timeout, parallel=parallel)
        self._run, self._executor = run, executor

    def _size(self) -> int:
        count = len(self._waiting)
        return min(self._max_batch, count if count <= _WORTH_SHARING else -(-count // self._free))

    def _begin(self, batch: Waiters[Item, Answer]) -> None:
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
        self._tell(batch, answers)
        self._end()
