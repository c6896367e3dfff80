"""A worker is killed, by the system, in the middle of 100,000 rows."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.scorings import ScoringStatus
from services.clock import system_clock
from services.scoring.worker import LEASE
from tests.support.clock import FakeClock
from tests.support.tables import TableDesk, doubling, open_desk
from tests.support.waiting import until
from tests.unit.inference.models import NUMBER_X, NUMBER_Y, write_model

ROWS = 100_000


@pytest.mark.slow
async def test_sigkill_in_the_middle_of_a_hundred_thousand_rows(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    tables = NUMBER_X.replace("label", "example = 1\nlabel") + NUMBER_Y
    write_model(folder, doubling(), tables, slug="double", runtime="max_batch = 1")  # so that it takes a while
    clock = FakeClock(system_clock())
    desk = await open_desk(database, clock, folder)
    async with desk.counter.exits:
        view = await desk.ordered(await desk.counter.customer(ROWS * 100), range(ROWS))
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.table_worker",
            database.url.render_as_string(hide_password=False),
            str(folder),
        )

        async def is_under_way() -> bool:
            return (await desk.view(view)).done > 0

        try:
            await until(is_under_way, seconds=60)
        finally:
            worker.send_signal(signal.SIGKILL)
            await worker.wait()
        begun = await desk.view(view)
        assert begun.status is ScoringStatus.RUNNING
        assert 0 < begun.done < ROWS
        await _goes_on(desk, clock)
        assert (await desk.view(view)).answered == ROWS
        _, *rows = await desk.result(view)
        assert [float(y) for _, y in rows] == [2.0 * x for x in range(ROWS)]
        assert await desk.lines(view.id) == [("charge", -ROWS * 100)]
        await desk.counter.check()


async def _goes_on(desk: TableDesk, clock: FakeClock) -> None:
    """When the lease has run out."""
    clock.advance(seconds=LEASE.total_seconds() + 60)
    await desk.worker().run_waiting()
