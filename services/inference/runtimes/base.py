"""What executes a model: a `Runtime` computes in this process, a `RemoteRuntime` asks a server elsewhere."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from uuid import UUID

from services.errors import ShopError
from services.inference.tensors import Result, Row

if TYPE_CHECKING:
    from services.inference.columns import AnswerColumns, ColumnBatch


class Limit:
    """The time a run may take. The thread that runs says when it begins and how it is stopped; another one watches."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._run: tuple[float, Callable[[], None]] | None = None  # one attribute: the watcher sees both or neither

    def begin(self, stop: Callable[[], None]) -> None:
        """A run begins now; `stop` may be called from any thread, also shortly after the run has ended."""
        self._run = (time.monotonic(), stop)

    def left(self) -> float:
        """Seconds left for the present run. Stops the run where there are none."""
        if (run := self._run) is None:
            return self.seconds
        begun, stop = run
        left = begun + self.seconds - time.monotonic()
        if left <= 0:
            stop()
        return left


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideTurn:
    """For work that gives way to rows: whether some wait is asked of `wanted`, from any thread. `only`: they have no
    other place, so they wait for its end."""

    limit: Limit
    wanted: Callable[[], bool]
    only: bool


class Runtime(Protocol):
    """Each method is called in a thread of the engine and may block."""

    def load(self) -> None:
        """Read the model. Raises ModelBroken or ManifestError."""

    def warm_up(self, limit: Limit) -> None:
        """Run once, so that the first customer does not wait for it. Raises ModelBroken, RunTimeout."""

    def run(self, rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        """An answer for each row, in order. An error that is raised may be of one row: the caller then tries each."""

    def close(self) -> None:
        """Let go of memory, processes and connections."""


class ColumnWork(Protocol):
    """A part of a table that is being answered."""

    @property
    def done(self) -> bool: ...

    @property
    def answers(self) -> "AnswerColumns": ...

    def go(self, turn: AsideTurn) -> None:
        """Some more rows, for a short while; called in a thread of the engine."""


@runtime_checkable
class ColumnRuntime(Protocol):
    """One that takes many rows as columns: as many of the first as it answers in so many seconds, at least one."""

    def column_run(self, columns: "ColumnBatch", *, seconds: float) -> ColumnWork: ...


class RemoteRuntime(Protocol):
    """Each method is awaited on the engine's loop and never blocks it. What takes too long is cancelled from outside;
    a run that is cancelled so leaves its job at the server, where somebody may ask for it again."""

    async def check(self) -> None:
        """The server has this model and would answer now. Raises ServerAway, or ModelBroken for what an operator must
        mend."""

    async def run(self, rows: Sequence[Row]) -> Sequence[Result | ShopError]:
        """An answer for each row, in order. An error that is raised may be of one row: the caller then tries each.
        A row with an `id` that this server has taken before is that job, where the server keeps jobs."""

    async def cancel(self, prediction_id: UUID) -> None:
        """Nobody wants this job any more: stop it at the server, and it alone. Nothing happens where it has ended or
        the server keeps no jobs. Raises ServerAway."""

    async def close(self) -> None:
        """Let go of connections."""


@contextmanager
def watched(limit: Limit) -> Iterator[Limit]:
    """Hold a blocking run to its limit from a thread of its own: for commands, which have no event loop to watch."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(max(limit.left(), 0.05)):
            pass

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield limit
    finally:
        over.set()
        thread.join()
