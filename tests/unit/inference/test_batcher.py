import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.errors import ShopError
from services.inference import errors
from services.inference.batcher import Batcher
from services.inference.runtimes.base import AsideTurn, Limit


class Doubler:
    """A runtime that doubles; it notes its batches, waits where it is told to, and refuses 13."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.busy = threading.Semaphore(0)

    def run(self, rows: Sequence[int], limit: Limit) -> Sequence[int | ShopError]:
        self.batches.append(list(rows))
        stopped = threading.Event()
        limit.begin(stopped.set)
        self.busy.release()
        assert self.gate.wait(10)
        if 13 in rows:
            raise errors.RunFailed(problem="unlucky")
        if 66 in rows:
            raise ZeroDivisionError
        if 99 in rows:
            assert stopped.wait(10)
            raise errors.RunTimeout(seconds=limit.seconds)
        return [errors.BadOutput(problem="7") if row == 7 else row * 2 for row in rows]

    async def entered(self) -> None:
        assert await asyncio.to_thread(self.busy.acquire, timeout=10)


@pytest.fixture
async def executor() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(3) as pool:
        yield pool


def batcher(
    doubler: Doubler, executor: ThreadPoolExecutor, *, parallel: int = 1, timeout: float = 10
) -> Batcher[int, int]:
    return Batcher(doubler.run, executor=executor, max_batch=8, timeout=timeout, parallel=parallel)


async def test_whoever_waits_goes_together(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    made = batcher(doubler, executor)
    assert await asyncio.gather(*(made.run(n) for n in range(100, 118))) == list(range(200, 236, 2))
    assert [len(batch) for batch in doubler.batches] == [8, 8, 2]


async def test_a_lone_caller_does_not_wait(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    made = batcher(doubler, executor)
    assert [await made.run(1), await made.run(2)] == [2, 4]
    assert doubler.batches == [[1], [2]]


async def test_those_who_come_during_a_run_are_the_next_batch(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    doubler.gate.clear()
    made = batcher(doubler, executor)
    first = made.run(1)
    await doubler.entered()
    late = [made.run(n) for n in (2, 3, 4)]
    doubler.gate.set()
    assert await asyncio.gather(first, *late) == [2, 4, 6, 8]
    assert doubler.batches == [[1], [2, 3, 4]]


async def test_many_rows_are_shared_by_two_runs(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    made: Batcher[int, int] = Batcher(doubler.run, executor=executor, max_batch=256, timeout=10, parallel=2)
    answers = await asyncio.gather(*(made.run(1000 + n) for n in range(100)))
    assert answers == [2000 + 2 * n for n in range(100)]
    assert [len(batch) for batch in doubler.batches] == [50, 50]


@pytest.mark.parametrize(("poison", "error"), [(13, errors.RunFailed), (66, errors.RunFailed), (7, errors.BadOutput)])
async def test_a_poison_row_fails_alone(executor: ThreadPoolExecutor, poison: int, error: type[ShopError]) -> None:
    made = batcher(Doubler(), executor)
    given = await asyncio.gather(*(made.run(n) for n in (1, 2, poison, 3)), return_exceptions=True)
    assert [type(answer) for answer in given] == [int, int, error, int]


async def test_a_row_that_hangs_is_stopped_and_the_others_answered(executor: ThreadPoolExecutor) -> None:
    made = batcher(Doubler(), executor, timeout=0.1)
    given = await asyncio.gather(*(made.run(n) for n in (1, 99, 3)), return_exceptions=True)
    assert [type(answer) for answer in given] == [int, errors.RunTimeout, int]


async def test_a_model_that_hangs_for_all_is_not_waited_for_by_each(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    made = batcher(doubler, executor, timeout=0.1)
    given = await asyncio.gather(*(made.run(99) for _ in range(8)), return_exceptions=True)
    assert [type(answer) for answer in given] == [errors.RunTimeout] * 2 + [errors.NotTried] * 6
    assert [len(batch) for batch in doubler.batches] == [8, 1, 1]


async def test_a_caller_who_leaves_is_dropped(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    doubler.gate.clear()
    made = batcher(doubler, executor)
    first = made.run(1)
    await doubler.entered()
    stays, leaves = made.run(2), made.run(3)
    first.cancel()
    leaves.cancel()
    doubler.gate.set()
    assert await stays == 4
    assert doubler.batches == [[1], [2]]


async def test_callers_of_a_timeout_are_dropped_too(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    doubler.gate.clear()
    made = batcher(doubler, executor)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(made.run(1), 0.01)
    doubler.gate.set()
    assert await made.run(2) == 4


async def test_retiring_with_refusal(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    doubler.gate.clear()
    made = batcher(doubler, executor)
    runs = made.run(1)
    await doubler.entered()
    waits = made.run(2)
    done = made.retire(refuse=True)
    with pytest.raises(errors.ModelUnavailable):
        await waits
    with pytest.raises(errors.ModelUnavailable):
        await made.run(3)
    assert not done.done()
    doubler.gate.set()
    assert await runs == 2
    await done


async def test_retiring_answers_those_who_wait(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    doubler.gate.clear()
    made = batcher(doubler, executor)
    runs, waits = made.run(1), made.run(2)
    done = made.retire(refuse=False)
    doubler.gate.set()
    await done
    assert (await runs, await waits) == (2, 4)


async def test_retiring_an_idle_one(executor: ThreadPoolExecutor) -> None:
    made = batcher(Doubler(), executor)
    await made.retire(refuse=False)


async def test_a_wrong_number_of_answers_is_a_failure(executor: ThreadPoolExecutor) -> None:
    made: Batcher[int, int] = Batcher(
        lambda rows, limit: [1] * (len(rows) - 1), executor=executor, max_batch=8, timeout=10
    )
    with pytest.raises(errors.RunFailed):
        await made.run(1)


async def test_it_retires_where_nobody_waits_any_more(executor: ThreadPoolExecutor) -> None:
    made = batcher(Doubler(), executor)
    made.run(1).cancel()
    async with asyncio.timeout(20):
        await made.retire(refuse=False)


async def test_work_aside_is_told_who_waits(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    made, seen, began, goes_on = batcher(doubler, executor), list[AsideTurn](), threading.Event(), threading.Event()

    def work(turn: AsideTurn) -> None:
        seen.append(turn)
        began.set()
        assert goes_on.wait(10)

    aside = made.aside(work)
    assert await asyncio.to_thread(began.wait, 10)
    (turn,) = seen
    assert turn.only, "there is no other place"
    assert not turn.wanted()
    waits = made.run(1)
    assert turn.wanted()
    goes_on.set()
    await aside
    assert await waits == 2
    assert not turn.wanted()


async def test_beside_work_aside_there_is_a_place_for_rows(executor: ThreadPoolExecutor) -> None:
    doubler = Doubler()
    made, seen, goes_on = batcher(doubler, executor, parallel=2), list[AsideTurn](), threading.Event()

    def work(turn: AsideTurn) -> None:
        seen.append(turn)
        assert goes_on.wait(10)

    aside = made.aside(work)
    assert await made.run(1) == 2
    goes_on.set()
    await aside
    assert not seen[0].only
