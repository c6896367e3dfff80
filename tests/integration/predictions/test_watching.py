"""How a prediction goes on, as those who look at it hear."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

import pytest

from db.tables.predictions import Prediction, PredictionStatus
from services.coordination.base import Topic
from services.coordination.memory import MemoryCoordination
from services.predictions.history import PredictionNotFound
from services.predictions.watching import PredictionState, PredictionWatch
from tests.support.counter import Counter


class Looks:
    """A watch that runs, and whoever tells it that there is news."""

    def __init__(self, counter: Counter) -> None:
        self.memory = MemoryCoordination()
        self.watch = PredictionWatch(counter.db, self.memory)

    def news(self) -> None:
        self.memory.tell(Topic.NEWS)

    async def all(self, prediction_id: UUID, user_id: int) -> list[PredictionState]:
        return [state async for state in self.watch.watch(prediction_id, user_id=user_id)]


@pytest.fixture
async def looks(counter: Counter) -> AsyncIterator[Looks]:
    looks = Looks(counter)
    task = asyncio.get_running_loop().create_task(looks.watch.run())
    yield looks
    task.cancel()


async def test_from_the_queue_to_the_answer(counter: Counter, looks: Looks) -> None:
    anna = await counter.customer()
    first, second = await counter.buy(anna), await counter.buy(anna)
    async with aclosing(looks.watch.watch(second.prediction_id, user_id=anna)) as states:
        assert (await anext(states)).place == 2
        await counter.predictions.cancel(first.prediction_id, user_id=anna)
        looks.news()
        assert (await anext(states)).place == 1
        await counter.worker().run_waiting()
        looks.news()
        last = [state async for state in states]
        assert last[-1].status is PredictionStatus.SUCCEEDED
        assert last[-1].finished


async def test_how_far_a_server_has_come(counter: Counter, looks: Looks) -> None:
    anna = await counter.customer()
    sold = await counter.buy(anna)
    mine = Prediction.id == sold.prediction_id
    async with aclosing(looks.watch.watch(sold.prediction_id, user_id=anna)) as states:
        assert (await anext(states)).status is PredictionStatus.QUEUED
        for percent in (10, 60):
            progress = {"ahead": None, "percent": percent}
            await counter.change(Prediction, mine, status=PredictionStatus.RUNNING, progress=progress)
            looks.news()
            assert (await anext(states)).percent == percent


async def test_nobody_tells_and_it_is_seen_all_the_same(counter: Counter, looks: Looks) -> None:
    """Another process settled it, and what it told was lost."""
    anna = await counter.customer()
    sold = await counter.buy(anna)
    async with asyncio.TaskGroup() as tasks:
        heard = [tasks.create_task(looks.all(sold.prediction_id, anna)) for _ in range(3)]
        await asyncio.sleep(0.05)
        await counter.predictions.cancel(sold.prediction_id, user_id=anna)
    assert [task.result()[-1].status for task in heard] == [PredictionStatus.CANCELED] * 3


async def test_what_is_over_is_told_once(counter: Counter, looks: Looks) -> None:
    anna = await counter.customer()
    sold = await counter.buy(anna)
    await counter.worker().run_waiting()
    assert [state.status for state in await looks.all(sold.prediction_id, anna)] == [PredictionStatus.SUCCEEDED]


async def test_nobody_sees_what_is_anothers(counter: Counter, looks: Looks) -> None:
    anna, boris = await counter.customer(), await counter.customer()
    sold = await counter.buy(anna)
    with pytest.raises(PredictionNotFound):
        await looks.all(sold.prediction_id, boris)


async def test_whoever_waits_has_the_answer_by_the_end(counter: Counter, looks: Looks) -> None:
    """Two wait for one, and one of them not long enough."""
    anna, boris = await counter.customer(), await counter.customer()
    mine, his = await counter.buy(anna), await counter.buy(boris)
    async with asyncio.TaskGroup() as tasks:
        waits = [
            tasks.create_task(looks.watch.end(sold.prediction_id, user_id=who, seconds=seconds))
            for sold, who, seconds in ((mine, anna, 20), (mine, anna, 0.01), (his, boris, 20))
        ]
        await waits[1]
        await counter.worker().run_waiting()
        looks.news()
    ends = [wait.result() for wait in waits]
    assert [(end.id, end.user_id) for end in ends] == [(mine.prediction_id, anna)] * 2 + [(his.prediction_id, boris)]
    assert [end.status for end in ends] == [
        PredictionStatus.SUCCEEDED,
        PredictionStatus.QUEUED,
        PredictionStatus.SUCCEEDED,
    ]


async def test_nobody_waits_for_what_is_anothers(counter: Counter, looks: Looks) -> None:
    anna, boris = await counter.customer(), await counter.customer()
    sold = await counter.buy(anna)
    await counter.worker().run_waiting()
    with pytest.raises(PredictionNotFound):
        await looks.watch.end(sold.prediction_id, user_id=boris, seconds=0.2)
