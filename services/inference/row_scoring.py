"""Rows of a table for a model that takes them one by one: at a server, or with answers of its own kind."""

import asyncio
import math
from collections import Counter, deque
from typing import Final

from services.errors import ShopError
from services.inference.columns import AnswerColumns, ColumnBatch
from services.inference.errors import InferenceError, ModelUnavailable, NotTried, RunFailed, RunTimeout, ServerAway
from services.inference.loaded import LoadedModel, RemoteModel
from services.inference.runtimes.column_results import of_results
from services.inference.tensors import Result, Row

AT_ONCE: Final = 32
TRIES: Final = 2  # of a row that may go well later, where the manifest allows as many
SILENT: Final = 8  # rows one after the other that were waited for in vain: nobody answers there


async def score_by_rows(
    loaded: LoadedModel | RemoteModel, columns: ColumnBatch, *, seconds: float = math.inf
) -> AnswerColumns:
    """Few at once, so that whoever comes meanwhile waits for those alone; no more of them after so many seconds. Raises
    ModelUnavailable, also where every row is waited for in vain."""
    scoring, time = _RowScoring(loaded, columns), asyncio.get_running_loop().time
    until = time() + seconds
    while scoring.waiting:
        await scoring.go(fresh=not scoring.answers or scoring.silent > 0 or time() < until)
    return of_results(loaded.manifest, [scoring.answers[at] for at in range(scoring.begun)])


class _RowScoring:
    """`begun`: rows that were asked for at least once; `silent`: how many there were in vain at last."""

    def __init__(self, loaded: LoadedModel | RemoteModel, columns: ColumnBatch) -> None:
        self._batcher, self._spec = loaded.batcher, loaded.manifest.runtime
        self._columns, self._fields = columns, loaded.manifest.inputs
        self._tries, self._again, self._ends = Counter[int](), deque[int](), False
        self.begun = self.silent = 0
        self.answers: dict[int, Result | ShopError] = {}

    @property
    def waiting(self) -> bool:
        return bool(self._again) or not (self._ends or self.begun == self._columns.rows)

    async def go(self, *, fresh: bool) -> None:
        """Some rows; those that are to be tried again after all others."""
        self._ends = not fresh
        taken = self._next()
        rows = [Row(values=self._columns.row(at, self._fields)) for at in taken]
        runs = [self._batcher.run(row) for row in rows]
        told = [_result(each) for each in await asyncio.gather(*runs, return_exceptions=True)]
        for at, answer in zip(taken, told, strict=True):
            self._take(at, answer)
        if told and all(isinstance(answer, NotTried) for answer in told):  # others' rows, in the same request
            self.silent += 1
        if self.silent >= SILENT:
            raise ServerAway(problem=f"no answer in {self._spec.timeout:g} s to {self.silent} rows one after the other")

    def _next(self) -> list[int]:
        size = min(AT_ONCE, self._spec.max_batch)
        new = 0 if self._ends else min(size, self._columns.rows - self.begun)
        taken = [*range(self.begun, self.begun + new)]
        self.begun += new
        taken += [self._again.popleft() for _ in range(min(size - new, len(self._again)))]
        return taken

    def _take(self, at: int, answer: Result | ShopError) -> None:
        if isinstance(answer, NotTried):
            self._again.append(at)
            return
        self.silent = self.silent + 1 if isinstance(answer, RunTimeout) else 0
        self._tries[at] += 1
        if _passes(answer) and self._tries[at] < min(TRIES, self._spec.attempts):
            self._again.append(at)
        else:
            self.answers[at] = answer


def _passes(answer: Result | ShopError) -> bool:
    """Whether the same row may go well after the others; whoever waited in vain has waited long enough."""
    return isinstance(answer, InferenceError) and answer.retryable and not isinstance(answer, RunTimeout)


def _result(answer: Result | BaseException) -> Result | ShopError:
    if isinstance(answer, Result | NotTried):
        return answer
    if isinstance(answer, ModelUnavailable):  # not the row's fault
        raise answer
    if isinstance(answer, ShopError):
        return answer
    if isinstance(answer, Exception):
        return RunFailed(problem=repr(answer))
    raise answer
