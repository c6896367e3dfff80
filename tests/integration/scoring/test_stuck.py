"""Tables that nobody gets on with are told from those that wait in good order."""

from datetime import timedelta

from bot.health import stuck_words
from db.tables.models import Model
from services.scoring import claims
from services.scoring.worker import LEASE
from services.stuck import Stuck
from tests.support.tables import TableDesk


async def taken(desk: TableDesk, worker: str) -> None:
    now = desk.counter.clock()
    claimed = await desk.counter.db.write(
        claims.claim, slugs=["double"], held=(), worker=worker, now=now, lease_until=now + LEASE
    )
    assert claimed is not None


async def test_nobody_is_there(desk: TableDesk) -> None:
    """A queue that nobody works off; a model that rests explains it."""
    counter = desk.counter
    anna = await counter.customer(500)
    await desk.draft(anna, [1])
    assert await desk.scorings.stuck() == Stuck()
    await desk.ordered(anna, [1])
    counter.clock.advance(minutes=4)
    assert stuck_words(await desk.scorings.stuck()) == "ok"
    counter.clock.advance(minutes=2)
    assert stuck_words(await desk.scorings.stuck()) == "nobody gets on with 1, for 6 min"
    await counter.change(Model, Model.slug == "double", resting_since=counter.clock())
    assert await desk.scorings.stuck() == Stuck()


async def test_a_dead_worker_that_nobody_follows(desk: TableDesk) -> None:
    counter = desk.counter
    await desk.ordered(await counter.customer(500), [1])
    await taken(desk, "dead")
    counter.clock.advance(minutes=5)
    assert await desk.scorings.stuck() == Stuck()
    counter.clock.advance(minutes=1)
    assert await desk.scorings.stuck() == Stuck(count=1, longest=timedelta(minutes=5, seconds=30))
    await desk.worker().run_waiting()
    assert await desk.scorings.stuck() == Stuck()


async def test_one_that_stands_still_in_a_workers_hands(desk: TableDesk) -> None:
    """Others behind it only wait."""
    counter = desk.counter
    anna = await counter.customer(500)
    held = await desk.ordered(anna, [1])
    await taken(desk, "busy")
    await desk.ordered(anna, [2])
    for minutes, stuck in ((30, 0), (30, 0), (1, 1)):
        counter.clock.advance(minutes=minutes)
        until = counter.clock() + LEASE
        await counter.db.write(claims.renew, [held.id], worker="busy", lease_until=until)
        assert (await desk.scorings.stuck()).count == stuck
