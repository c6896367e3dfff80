"""The one owner of everything that runs in the background: it keeps, logs, restarts and cancels."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any

import structlog

log = structlog.get_logger()

PAUSE = 1.0
MAX_PAUSE = 60.0
ASK_AGAIN_SECONDS = 6.0  # longer than what a part may take to end in good order


class Supervisor:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()  # Any: nobody looks at what a task returns
        self._kept: set[asyncio.Task[Any]] = set()
        self.down: set[str] = set()  # what crashed and waits to be started again

    def spawn(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run once; a failure is logged, not lost."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def keep(self, work: Callable[[], Awaitable[None]], *, name: str) -> asyncio.Task[Any]:
        """Run for as long as the process lives: what crashes is logged and started again after a growing pause."""
        task = self.spawn(self._keep(work, name), name=name)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return task

    async def close(self, *, first: Collection[str] = (), drain: float = 0.0) -> None:
        """Cancel the tasks named `first`, let short ones end by themselves for `drain` seconds, cancel the rest."""
        await _cancel([task for task in self._tasks if task.get_name() in first])
        short = [task for task in self._tasks if task not in self._kept]
        if short:
            await asyncio.wait(short, timeout=drain)
        await _cancel(list(self._tasks))

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
            self.down.add(name)
            await asyncio.sleep(pause)
            self.down.discard(name)
            pause = min(pause * 2, MAX_PAUSE)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background_task_failed", task=task.get_name(), exc_info=error)


async def _cancel(tasks: Collection[asyncio.Task[Any]]) -> None:  # Any: as above
    """Until they are over. A library that takes a cancellation for its own time-out loses it: it is asked again."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=ASK_AGAIN_SECONDS)
        if pending:
            log.warning("task_ignored_its_end", tasks=sorted(task.get_name() for task in pending))
