"""Pictures that take longer to be read or stored than a lease lasts."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from db.tables.predictions import Prediction, PredictionStatus
from services.files.files import Files
from services.files.folder import FolderStore
from services.files.store import Kept
from services.predictions.worker import Worker
from tests.support.comfyui import photo
from tests.support.counter import Counter
from tests.support.waiting import until


class GatedStore:
    """Lets what is asked through when the test opens its gate; `slow`: the one call that waits."""

    def __init__(self, folder: Path, slow: str) -> None:
        self._folder, self._slow = FolderStore(folder), slow
        self.asked, self.gate = asyncio.Event(), asyncio.Event()

    async def put(self, key: str, content: bytes) -> None:
        await self._wait("put")
        await self._folder.put(key, content)

    async def get(self, key: str) -> bytes | None:
        await self._wait("get")
        return await self._folder.get(key)

    async def delete(self, key: str) -> None:
        await self._folder.delete(key)

    def list(self) -> AsyncIterator[Sequence[Kept]]:
        return self._folder.list()

    async def _wait(self, call: str) -> None:
        if call == self._slow:
            self.asked.set()
            await self.gate.wait()


@pytest.mark.parametrize("slow", ["get", "put"])
async def test_a_slow_store_loses_no_lease(counter: Counter, tmp_path: Path, slow: str) -> None:
    """No other worker takes the row meanwhile, and it is run once."""
    kept, anna = tmp_path / "files", await counter.customer()
    file_id = await Files(counter.db, FolderStore(kept), counter.clock).put(anna, photo(), "image/png")
    bought = await counter.buy(anna, "negative", {"photo": {"file": file_id.hex}, "room_type": "kitchen"})
    store, sold = GatedStore(kept, slow), bought.prediction_id
    files, lease = Files(counter.db, store, counter.clock), timedelta(seconds=0.15)
    busy = Worker(counter.db, counter.engine, counter.clock, files, lambda: None, lease=lease)

    async def is_renewed() -> bool:
        (row,) = await counter.rows(Prediction, Prediction.id == sold)
        return bool(row.leased_until > counter.clock())

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(busy.run_waiting())
        await store.asked.wait()
        for _ in range(3):
            counter.clock.advance(minutes=1)
            await until(is_renewed)
            assert await counter.worker().recover() == 0
        store.gate.set()
        await running
    (row,) = await counter.rows(Prediction, Prediction.id == sold)
    assert (row.status, row.attempts) == (PredictionStatus.SUCCEEDED, 1)
