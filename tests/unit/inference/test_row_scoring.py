"""Rows of a table, asked one by one: which are asked again, and when nobody is asked any more."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from bot.wiring.inference import RUNTIMES
from services.errors import ShopError
from services.inference.awaiting_batcher import AwaitingBatcher
from services.inference.columns import AnswerColumns, ColumnBatch
from services.inference.errors import RunFailed, ServerAway
from services.inference.loaded import RemoteModel
from services.inference.row_scoring import SILENT, score_by_rows
from services.inference.tensors import Result, Row
from services.manifests.manifest import load_manifest
from tests.integration.open_inference.manifests import manifest_text

TIMEOUT = 0.02  # seconds
HANGS, SHORT, REFUSED = 100, 200, 300


@dataclass
class Server:
    """Says what it is told. Who asks with a row from `HANGS` on waits for ever; rows from `SHORT` on fail at first,
    from `REFUSED` on always."""

    folder: Path
    asked: Counter[float] = field(default_factory=Counter)

    async def check(self) -> None: ...
    async def cancel(self, prediction_id: UUID) -> None: ...
    async def close(self) -> None: ...

    async def run(self, rows: Sequence[Row]) -> Sequence[Result | ShopError]:
        values = [float(row.values["x"]) for row in rows]  # type: ignore[arg-type]  # a number's
        self.asked.update(values)
        if any(HANGS <= x < SHORT for x in values):
            await asyncio.Event().wait()
        return [self._answer(x) for x in values]

    def _answer(self, x: float) -> Result | ShopError:
        if x >= REFUSED or (x >= SHORT and self.asked[x] == 1):
            return RunFailed(problem="too many", retryable=True)
        return Result(outputs={"y": x}, advice=None, images={})

    async def scores(self, *numbers: float, max_batch: int = 4, attempts: int = 3) -> AnswerColumns:
        text = manifest_text("root", "http://127.0.0.1:1", max_batch=max_batch, timeout=1, attempts=attempts)
        (self.folder / "manifest.toml").write_text(text)
        manifest = load_manifest(self.folder, RUNTIMES.specs)
        batcher = AwaitingBatcher(self.run, max_batch=max_batch, timeout=TIMEOUT, parallel=4)
        model = RemoteModel(manifest=manifest, folder=self.folder, runtime=self, batcher=batcher)
        return await score_by_rows(model, ColumnBatch(rows=len(numbers), arrays={"x": np.array(numbers, np.float64)}))


@pytest.fixture
def server(tmp_path: Path) -> Server:
    (tmp_path / "root").mkdir()
    return Server(tmp_path / "root")


async def test_rows_that_hang_fail_alone(server: Server) -> None:
    """The others of their request, which were not tried after the second, are tried again."""
    answers = await server.scores(1, HANGS, HANGS + 1, HANGS + 2, 2, 3, HANGS + 3, 4, 5, 6)
    assert answers.failed.tolist() == [False, True, True, True, False, False, True, False, False, False]
    assert [answers.columns["y"][at] for at in (0, 4, 5, 7, 8, 9)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("max_batch", [1, 4])
async def test_a_server_that_hangs_for_all_rows_is_away(server: Server, max_batch: int) -> None:
    with pytest.raises(ServerAway, match="no answer"):
        await server.scores(*range(HANGS, HANGS + 50), max_batch=max_batch)
    assert sum(server.asked.values()) <= SILENT * 4


async def test_what_may_pass_is_asked_once_more(server: Server) -> None:
    answers = await server.scores(1, SHORT, REFUSED, 2)
    assert answers.failed.tolist() == [False, False, True, False]
    assert server.asked == {1: 1, SHORT: 2, REFUSED: 2, 2: 1}


async def test_where_the_manifest_allows_one_attempt_there_is_one(server: Server) -> None:
    answers = await server.scores(SHORT, REFUSED, attempts=1)
    assert answers.failed.tolist() == [True, True]
    assert server.asked == {SHORT: 1, REFUSED: 1}
