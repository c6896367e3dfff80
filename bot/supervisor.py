"""The one owner of everything that runs in the background: it keeps, logs, restarts and cancels."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self

import structlog

log = structlog.get_logger()

PAUSE = 1.0
MAX_PAUSE = 60.0


class Supervisor:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()  # Any: nobody looks at what a task returns
        self._closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.close()

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run once; a failure is logged, not lost."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def keep(self, work: Callable[[], Awaitable[None]], *, name: str) -> asyncio.Task[Any]:
        """Run for as long as the process lives: what crashes is logged and started again after a growing pause."""
        return self.spawn(self._keep(work, name), name=name)

    async def drain(self, seconds: float) -> None:
        """Wait for what is running to end by itself, for at most that long."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=seconds)

    async def close(self) -> None:
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        pause = PAUSE
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await work()
                return
            except Exception:  # whatever it was, the shop goes on
                log.exception("background_task_crashed", task=name, restart_in=pause)
            if asyncio.get_running_loop().time() - started > MAX_PAUSE:
                pause = PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background_task_failed", task=task.get_name(), exc_info=error)
