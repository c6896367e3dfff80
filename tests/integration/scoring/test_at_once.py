"""Two processes change one table in the same moment: on PostgreSQL row locks decide, on SQLite the one lock of the
file, and in either the state that a change begins from."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from db.tables.scorings import ScoringStatus
from services.scoring import claims
from services.scoring.settle import cancel, settle
from services.scoring.submit import ScoringOrder, submit
from services.scoring.worker import LEASE
from tests.support.clock import START
from tests.support.tables import TableDesk

ROUNDS = 12


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Database]:
    """Another process's."""
    other = Database(database_url)
    yield other
    await other.close()


async def test_two_orders(desk: TableDesk, other: Database) -> None:
    anna = await desk.counter.customer(10_000)
    for _ in range(ROUNDS):
        draft = await desk.draft(anna, [1, 2])
        wish = ScoringOrder(scoring_id=draft.id, user_id=anna, total=200)
        both = (db.write(submit, wish, desk.counter.clock()) for db in (desk.counter.db, other, desk.counter.db))
        assert sorted(each.repeated for each in await asyncio.gather(*both)) == [False, True, True]
        assert await desk.lines(draft.id) == [("charge", -200)]
        await desk.scorings.cancel(draft.id, user_id=anna)


async def test_an_end_and_a_stop(desk: TableDesk, other: Database) -> None:
    anna, now = await desk.counter.customer(10_000), desk.counter.clock()
    for _ in range(ROUNDS):
        view = await desk.ordered(anna, [1, 2])
        until = now + LEASE
        held = await other.write(claims.claim, slugs=["double"], held=(), worker="w", now=now, lease_until=until)
        assert held is not None
        ended, _ = await asyncio.gather(
            other.write(settle, view.id, None, worker="w", now=now),
            desk.counter.db.write(cancel, view.id, anna, now),
        )
        assert ended
        assert (await desk.view(view)).status in (ScoringStatus.FAILED, ScoringStatus.CANCELED)
        assert await desk.lines(view.id) == [("charge", -200), ("charge_refund", 200)]
        assert await desk.told(view) == 1
        assert not await other.write(settle, view.id, None, worker="w", now=now)
        assert not await desk.scorings.cancel(view.id, user_id=anna)


async def test_two_stops(desk: TableDesk, other: Database) -> None:
    anna = await desk.counter.customer(10_000)
    for _ in range(ROUNDS):
        view = await desk.ordered(anna, [1, 2])
        both = (db.write(cancel, view.id, anna, START) for db in (desk.counter.db, other))
        assert sorted(await asyncio.gather(*both)) == [False, True]
        assert await desk.lines(view.id) == [("charge", -200), ("charge_refund", 200)]
        assert await desk.told(view) == 1
