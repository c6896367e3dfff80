"""A desk that sells answers to tables of one column."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from tests.support.clock import FakeClock
from tests.support.tables import TableDesk, models_folder, open_desk


@pytest.fixture
async def desk(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[TableDesk]:
    desk = await open_desk(database, clock, models_folder(tmp_path))
    async with desk.counter.exits:
        yield desk
        await desk.counter.check()
