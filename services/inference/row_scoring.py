"""Rows of a table for a model that takes them one by one: at a server, or with answers of its own kind."""

import asyncio
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


async def score_by_rows(loaded: LoadedModel | RemoteModel, columns: ColumnBatch) -> AnswerColumns:
    """Few at once, so that whoever comes meanwhile waits for those alone. Raises ModelUnavailable, also where every
    row is waited for in vain."""
    scoring = _RowScoring(loaded, columns)
    while scoring.waiting:
        await scoring.go()
    return of_results(loaded.manifest, [scoring.answers[at] for at in range(columns.rows)])


class _RowScoring:
    def __init__(self, loaded: LoadedModel | RemoteModel, columns: ColumnBatch) -> None:
        self._batcher, self._spec = loaded.batcher, loaded.manifest.runtime
        self._rows = [Row(values=columns.row(at, loaded.manifest.inputs)) for at in range(columns.rows)]
        self._tries, self._silent = Counter[int](), 0
        self.waiting = deque(range(columns.rows))
        self.answers: dict[int, Result | ShopError] = {}

    async def go(self) -> None:
        """Some rows."""
        size = min(AT_ONCE, self._spec.max_batch, len(self.waiting))
        taken = [self.waiting.popleft() for _ in range(size)]
        runs = [self._batcher.run(self._rows[at]) for at in taken]
        told = [_result(each) for each in await asyncio.gather(*runs, return_exceptions=True)]
        for at, answer in zip(taken, told, strict=True):
            self._take(at, answer)
        if all(isinstance(answer, NotTried) for answer in told):  # others' rows, in the same request
            self._silent += 1
        if self._silent >= SILENT:
            raise ServerAway(
                problem=f"no answer in {self._spec.timeout:g} s to {self._silent} rows one after the other"
            )

    def _take(self, at: int, answer: Result | ShopError) -> None:
        if isinstance(answer, NotTried):
            self.waiting.append(at)
            return
        self._silent = self._silent + 1 if isinstance(answer, RunTimeout) else 0
        self._tries[at] += 1
        if _passes(answer) and self._tries[at] < min(TRIES, self._spec.attempts):
            self.waiting.append(at)
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
