"""A counter that sells the real wine model and a few tiny ones with special habits."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from tests.support.clock import FakeClock
from tests.support.counter import STORE, Counter, open_counter
from tests.unit.inference.models import (
    FLOAT,
    NUMBER_X,
    NUMBER_Y,
    endless,
    graph,
    node,
    weight,
    write_model,
)

IMAGE_TABLES = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
tensor = { name = "X" }
prepare = { mode = "rgb", size = [8, 8] }
[[outputs]]
name = "negative"
type = "image"
label = "Negative"
tensor = "Y"
"""


def negative() -> bytes:
    """Turns a picture into its negative."""
    shape = ["N", 3, 8, 8]
    return graph(
        [node("Neg", ["X"], ["minus"]), node("Add", ["minus", "one"], ["Y"])],
        [("X", FLOAT, shape)],
        [("Y", FLOAT, shape)],
        [weight("one", 1.0)],
    )


@pytest.fixture
def models_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copytree(STORE / "wine", folder / "wine")
    harmless = NUMBER_X.replace("label", "example = -1\nlabel") + NUMBER_Y  # warming up must end
    write_model(folder, endless(), harmless, slug="endless", runtime="timeout = 0.2\nattempts = 2\nmax_batch = 8")
    write_model(folder, negative(), IMAGE_TABLES, slug="negative")
    return folder


@pytest.fixture
async def counter(database: Database, clock: FakeClock, models_folder: Path) -> AsyncIterator[Counter]:
    counter = await open_counter(database, clock, models_folder)
    async with counter.exits:
        yield counter
        await counter.check()


@pytest.fixture
async def sqlite_counter(sqlite_database: Database, clock: FakeClock, models_folder: Path) -> AsyncIterator[Counter]:
    """For what does not depend on the database."""
    counter = await open_counter(sqlite_database, clock, models_folder)
    async with counter.exits:
        yield counter
        await counter.check()
