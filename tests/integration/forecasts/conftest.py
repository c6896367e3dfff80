"""A shop that sells the model of risk, and whose books hold at the end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from tests.support.clock import FakeClock
from tests.support.counter import Counter
from tests.support.risk_shop import open_risk_shop


@pytest.fixture
async def counter(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Counter]:
    counter = await open_risk_shop(database, clock, tmp_path)
    yield counter
    await counter.check()
    await counter.exits.aclose()
