"""A database that is away while results are in hand: nothing is run twice, nothing is lost."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from db.engine import Database
from db.tables.predictions import Prediction, PredictionStatus
from services import waiting
from tests.support.clock import FakeClock
from tests.support.counter import Counter, open_counter
from tests.support.databases import PostgresServer
from tests.support.proxy import Proxy, proxy_to
from tests.support.waiting import until

pytestmark = pytest.mark.usefixtures("_impatient")


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "OUTAGE_PAUSE", 0.02)


async def test_a_locked_sqlite_loses_no_result(sqlite_url: str, clock: FakeClock, models_folder: Path) -> None:
    database = Database(sqlite_url, busy_timeout_ms=30)
    path = make_url(sqlite_url).database
    counter = await open_counter(database, clock, models_folder)

    @asynccontextmanager
    async def away() -> AsyncIterator[None]:
        other = sqlite3.connect(str(path), isolation_level=None)
        await until(lambda: _locked(other))
        try:
            yield
        finally:
            other.close()

    async with counter.exits:
        await _sell_through_an_outage(counter, away())
    await database.close()


async def test_a_postgresql_that_goes_away_loses_no_result(
    postgres_server: PostgresServer, clock: FakeClock, models_folder: Path
) -> None:
    url = postgres_server.create()
    parsed = make_url(url)
    async with proxy_to(parsed.host or "127.0.0.1", parsed.port or 5432) as proxy:
        database = Database(parsed.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False))
        counter = await open_counter(database, clock, models_folder)
        async with counter.exits:
            await _sell_through_an_outage(counter, _cut(proxy))
        await database.close()
    postgres_server.drop(url)


async def _sell_through_an_outage(counter: Counter, away: AbstractAsyncContextManager[None]) -> None:
    """The run ends while the database is away, and for longer than the lease by the clock."""
    anna = await counter.customer(1000)
    sold = await counter.buy(anna, "endless", {"x": 1.0}, request_key="tap")
    quick = await counter.buy(anna, "endless", {"x": -1.0})
    worker = counter.worker()
    task = asyncio.get_running_loop().create_task(worker.run())
    await until(lambda: counter.count(Prediction, Prediction.status == PredictionStatus.RUNNING))
    async with away:
        await asyncio.sleep(0.6)  # the run is stopped by its limit of 0.2 s, twice
        counter.clock.advance(hours=1)
    await until(lambda: counter.count(Prediction, Prediction.id == quick.prediction_id, Prediction.attempts == 1))
    await until(lambda: _finished(counter, quick.prediction_id))
    row = (await counter.rows(Prediction, Prediction.id == quick.prediction_id))[0]
    assert (row.status, row.attempts) == (PredictionStatus.SUCCEEDED, 1)
    task.cancel()
    await asyncio.wait([task])
    assert (await counter.notifications(quick), await counter.notifications(sold)) == (1, 0)
    await counter.check()


async def _finished(counter: Counter, prediction_id: object) -> int:
    return await counter.count(Prediction, Prediction.id == prediction_id, Prediction.finished_at.is_not(None))


async def _locked(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


@asynccontextmanager
async def _cut(proxy: Proxy) -> AsyncIterator[None]:
    proxy.cut()
    try:
        yield
    finally:
        proxy.mend()
