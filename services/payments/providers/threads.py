"""A few threads for calls that block."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple["Future[Any]", Callable[[], Any]]  # Any: whatever the work returns


class Threads:
    """At most `count` at work, others wait their turn. Unlike those of `concurrent.futures` they are daemons: one that
    hangs does not hold up the end of the process."""

    def __init__(self, count: int, *, name: str) -> None:
        self._count, self._name = count, name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._started = 0
        self._closed = False

    async def run(self, work: Callable[[], T]) -> T:
        """One that is cancelled before its turn is never begun; one that has begun goes on without a listener."""
        if self._closed:
            raise RuntimeError("the threads are closed")
        future: Future[T] = Future()
        self._jobs.put((future, work))
        if self._started < self._count:
            self._started += 1
            threading.Thread(target=self._serve, name=f"{self._name}-{self._started}", daemon=True).start()
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """What has begun goes on, what waits is dropped."""
        self._closed = True
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job[0].cancel()
        for _ in range(self._started):
            self._jobs.put(None)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, work = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - it belongs to the caller, who gets it
                future.set_exception(error)
            else:
                future.set_result(result)
            del job, future, work  # an idle thread keeps nothing alive
