"""Rows of a table for a model that takes them one by one: at a server, or with answers of its own kind."""

import asyncio
from typing import Final

from services.errors import ShopError
from services.inference.columns import AnswerColumns, ColumnBatch
from services.inference.errors import ModelUnavailable, RunFailed
from services.inference.loaded import LoadedModel, RemoteModel
from services.inference.runtimes.column_results import of_results
from services.inference.tensors import Result, Row

AT_ONCE: Final = 32


async def score_by_rows(loaded: LoadedModel | RemoteModel, columns: ColumnBatch) -> AnswerColumns:
    """Few at once, so that whoever comes meanwhile waits for those alone. Raises ModelUnavailable."""
    manifest, results = loaded.manifest, list[Result | ShopError]()
    rows = [Row(values=columns.row(at, manifest.inputs)) for at in range(columns.rows)]
    size = min(AT_ONCE, manifest.runtime.max_batch)
    for at in range(0, len(rows), size):
        runs = [loaded.batcher.run(row) for row in rows[at : at + size]]
        results += [_result(each) for each in await asyncio.gather(*runs, return_exceptions=True)]
    return of_results(manifest, results)


def _result(answer: Result | BaseException) -> Result | ShopError:
    if isinstance(answer, ModelUnavailable):  # not the row's fault
        raise answer
    if isinstance(answer, Result | ShopError):
        return answer
    if isinstance(answer, Exception):
        return RunFailed(problem=repr(answer))
    raise answer
