"""Rows of many callers for a model that computes here.

Two runs at once are quicker than one: while one computes, the rows of the other are made into arrays and its callers
are answered.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeAlias

import structlog

from services.errors import ShopError
from services.inference.collecting import Answer, Collector, Item, Waiters
from services.inference.errors import ModelUnavailable, NotTried, RunFailed, RunTimeout
from services.inference.runtimes.base import AsideTurn, Limit

Aside: TypeAlias = Callable[[AsideTurn], None]
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
        self._asides: deque[tuple[Aside, asyncio.Future[None]]] = deque()
        self._aside_runs = False

    def aside(self, work: Aside) -> asyncio.Future[None]:
        """Work that takes a short while and gives way to rows: it begins when none waits, one at a time, in the order
        in which it came. The future has what it raises. Raises ModelUnavailable."""
        if self._closed:
            raise ModelUnavailable()
        future: asyncio.Future[None] = self._loop.create_future()
        self._asides.append((work, future))
        if not self._woken:
            self._woken = True
            self._loop.call_soon(self._start)
        return future

    def retire(self, *, refuse: bool) -> asyncio.Future[None]:
        while self._asides:
            _, future = self._asides.popleft()
            if not future.done():
                future.set_exception(ModelUnavailable())
        return super().retire(refuse=refuse)

    def _begin_aside(self) -> None:
        while self._asides and self._free and not self._aside_runs:
            work, future = self._asides.popleft()
            if future.done():
                continue
            self._aside_runs = True
            self._free -= 1
            turn = AsideTurn(limit=Limit(self._timeout), wanted=self._is_wanted, only=self._parallel == 1)
            self._executor.submit(self._work_aside, work, future, turn, Watch(self._loop, turn.limit))

    def _is_wanted(self) -> bool:
        return bool(self._waiting)

    def _work_aside(self, work: Aside, future: "asyncio.Future[None]", turn: AsideTurn, watch: Watch) -> None:
        """In a thread of the executor."""
        problem: ShopError | None = None
        try:
            work(turn)
        except ShopError as error:
            problem = error
        except Exception as error:
            log.exception("aside_crashed")
            problem = RunFailed(problem=repr(error))
        self._loop.call_soon_threadsafe(self._finish_aside, future, problem, watch)

    def _finish_aside(self, future: "asyncio.Future[None]", problem: ShopError | None, watch: Watch) -> None:
        watch.cancel()
        self._aside_runs = False
        if not future.done():
            if problem is None:
                future.set_result(None)
            else:
                future.set_exception(problem)
        self._end()

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
