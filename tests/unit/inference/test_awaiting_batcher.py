"""Models at servers: what waits goes together, a few at once, and nobody is asked for nothing."""

import asyncio
from collections.abc import Sequence

import pytest

from services.errors import ShopError
from services.inference import errors
from services.inference.awaiting_batcher import AwaitingBatcher


class Server:
    """Doubles; it notes what it is asked, waits where it is told to, and refuses 13."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.given_up = 0
        self.away = False

    async def ask(self, rows: Sequence[int]) -> Sequence[int | ShopError]:
        self.batches.append(list(rows))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if self.away:
            raise errors.ServerAway(problem="connection refused")
        if 13 in rows:
            raise errors.RunFailed(problem="unlucky")
        if 66 in rows:
            raise ZeroDivisionError
        return [errors.BadOutput(problem="7") if row == 7 else row * 2 for row in rows]

    def batcher(self, *, parallel: int = 2, timeout: float = 10, max_batch: int = 4) -> AwaitingBatcher[int, int]:
        return AwaitingBatcher(self.ask, max_batch=max_batch, timeout=timeout, parallel=parallel)


async def test_whoever_waits_goes_together_and_the_rest_waits_for_a_place() -> None:
    server = Server()
    server.gate.clear()
    batcher = server.batcher()
    runs = [batcher.run(n) for n in range(10)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert server.batches == [[0, 1, 2, 3], [4, 5, 6, 7]]
    server.gate.set()
    answers = await asyncio.gather(*runs, return_exceptions=True)
    assert [*answers[:7], *answers[8:]] == [0, 2, 4, 6, 8, 10, 12, 16, 18]
    assert isinstance(answers[7], errors.BadOutput)
    assert server.batches[2] == [8, 9]


async def test_a_poison_row_fails_alone() -> None:
    answers = await asyncio.gather(*map(Server().batcher().run, (1, 13, 2, 66)), return_exceptions=True)
    assert (answers[0], answers[2]) == (2, 4)
    assert [type(answers[1]), type(answers[3])] == [errors.RunFailed, errors.RunFailed]


async def test_a_server_that_is_away_is_asked_once_for_all() -> None:
    server = Server()
    server.away = True
    answers = await asyncio.gather(*map(server.batcher().run, (1, 2, 3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [errors.ServerAway] * 3
    assert server.batches == [[1, 2, 3]]


async def test_a_server_that_hangs_is_given_up_and_not_waited_for_row_by_row() -> None:
    server = Server()
    server.gate.clear()
    answers = await asyncio.gather(*map(server.batcher(timeout=0.02).run, (1, 2, 3, 4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [errors.RunTimeout] * 2 + [errors.NotTried] * 2
    assert server.given_up == 3


async def test_what_nobody_waits_for_any_more_is_given_up() -> None:
    server = Server()
    server.gate.clear()
    batcher = server.batcher()
    first, second = batcher.run(1), batcher.run(2)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert server.given_up == 0
    second.cancel()
    for _ in range(3):
        await asyncio.sleep(0)
    assert server.given_up == 1
    await asyncio.wait_for(batcher.retire(refuse=True), 1)


async def test_retiring_refuses_who_waits_and_answers_who_is_asked_for() -> None:
    server = Server()
    server.gate.clear()
    batcher = server.batcher(parallel=1, max_batch=1)
    asked = batcher.run(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waits = batcher.run(2)
    retired = batcher.retire(refuse=True)
    with pytest.raises(errors.ModelUnavailable):
        await waits
    assert not retired.done()
    server.gate.set()
    assert await asked == 2
    await asyncio.wait_for(retired, 1)
    with pytest.raises(errors.ModelUnavailable):
        batcher.run(3)


async def test_a_process_that_ends_waits_for_no_server() -> None:
    server = Server()
    server.gate.clear()
    batcher = server.batcher()
    run = batcher.run(1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    batcher.stop()
    await asyncio.wait_for(batcher.retire(refuse=True), 1)
    assert run.cancelled()


async def test_retiring_does_not_wait_for_rows_that_nobody_waits_for() -> None:
    batcher = Server().batcher()
    batcher.run(1).cancel()
    await asyncio.wait_for(batcher.retire(refuse=False), timeout=1)
