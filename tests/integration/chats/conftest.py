from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from tests.support.clock import FakeClock
from tests.support.talk import Talk, open_talk


@pytest.fixture
async def talk(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Talk]:
    async with open_talk(database, clock, tmp_path / "store") as talk:
        yield talk
