"""A model at a server that does nothing but fail rests, is tried again by itself, and does not come and go."""

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.models import Model
from db.tables.outbox import OutboxKind, OutboxMessage
from db.tables.predictions import PredictionStatus
from services.errors import ShopError
from services.inference.errors import ModelBroken, RunFailed, RunTimeout, ServerAway
from services.models.manage import ModelLine, ModelManagement
from services.models.offers import ModelResting
from services.models.rests import LONGEST_PAUSE, pause_after
from services.models.second_tries import SecondTries
from services.models.server_watch import ServerWatch
from services.predictions.worker import Worker
from services.users.actor import Actor
from services.users.roles import Staff
from tests.support.clock import FakeClock
from tests.support.counter import Counter
from tests.support.elsewhere import DoublingServer, doubling_counter

OWNER = 900
REFUSED = RunFailed(problem="the card is gone (HTTP 500)")


@pytest.fixture
def doubling() -> DoublingServer:
    server = DoublingServer()
    server.gate.set()
    return server


@pytest.fixture
async def counter(
    database: Database, clock: FakeClock, tmp_path: Path, doubling: DoublingServer
) -> AsyncIterator[Counter]:
    async with doubling_counter(database, clock, tmp_path, doubling) as made:
        await made.customer(0, telegram_id=OWNER)
        yield made


def worker_of(counter: Counter) -> Worker:
    return Worker(counter.db, counter.engine, counter.clock, counter.files, lambda: None, owners=[OWNER])


def tries_of(counter: Counter) -> SecondTries:
    return SecondTries(counter.db, counter.engine, counter.clock, lambda: None, owners=[OWNER])


async def fails_once(counter: Counter, x: float) -> None:
    """A customer's run, with as many attempts as the manifest allows; it is paid back."""
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", {"x": x})
    for _ in range(2):
        await worker_of(counter).run_waiting()
        counter.clock.advance(seconds=3)
    assert (await counter.view(sold)).status is PredictionStatus.FAILED
    assert await counter.balance(anna) == 1000


async def rests(counter: Counter) -> bool:
    return (await counter.models.offer("doubler")).resting


async def told(counter: Counter) -> list[str]:
    return [row.kind for row in await counter.rows(OutboxMessage, OutboxMessage.kind.like("model%"))]


async def card(counter: Counter) -> ModelLine:
    return await ModelManagement(counter.db, counter.clock, Staff((OWNER,))).get("doubler")


async def minutes_pass(counter: Counter, minutes: int) -> None:
    for _ in range(minutes * 6):
        counter.clock.advance(seconds=10)
        await tries_of(counter).look()


@pytest.mark.parametrize("problem", [REFUSED, RunTimeout(seconds=1), ModelBroken(problem="the account is used up")])
async def test_three_failures_make_it_rest_and_a_good_run_ends_that(
    counter: Counter, doubling: DoublingServer, problem: ShopError
) -> None:
    """Its server's check is good all the while. Nobody taps anything; owners are told once of each."""
    doubling.problem = problem
    for x in (0.1, 0.2, 0.3):
        assert not await rests(counter)
        await fails_once(counter, x)
    assert await rests(counter)
    line = await card(counter)
    assert (line.stopped_for, line.fails) == (None, True)
    assert str(problem) in (line.resting_for or "")
    anna = await counter.customer()
    with pytest.raises(ModelResting):
        await counter.buy(anna, "doubler", {"x": 0.5})
    await minutes_pass(counter, 5)
    assert await rests(counter)
    assert await told(counter) == [OutboxKind.MODEL_RESTS]
    doubling.problem = None
    await minutes_pass(counter, 5)
    assert not await rests(counter)
    assert await told(counter) == [OutboxKind.MODEL_RESTS, OutboxKind.MODEL_SERVES]
    await counter.buy(anna, "doubler", {"x": 0.5})
    await worker_of(counter).run_waiting()
    assert await counter.balance(anna) == 900
    (model,) = await counter.rows(Model, Model.slug == "doubler")
    assert (model.failures, model.rests) == (0, 0)


async def test_a_good_check_does_not_end_it(counter: Counter, doubling: DoublingServer) -> None:
    doubling.problem = REFUSED
    for x in (0.1, 0.2, 0.3):
        await fails_once(counter, x)
    watch = ServerWatch(counter.db, counter.engine, counter.clock, lambda: None, owners=[OWNER])
    for _ in range(3):
        watch._due.clear()
        await watch.look()
        counter.clock.advance(minutes=10)
    assert await rests(counter)
    assert not counter.engine.serves("doubler")


async def test_tries_become_rare(counter: Counter, doubling: DoublingServer) -> None:
    """Each may cost the operator money. Two days of a server that fails all: no customer meets it again."""
    doubling.problem = REFUSED
    for x in (0.1, 0.2, 0.3):
        await fails_once(counter, x)
    before = len(doubling.jobs)
    await minutes_pass(counter, 60)
    assert 4 <= len(doubling.jobs) - before <= 9
    before = len(doubling.jobs)
    for _ in range(48):
        await minutes_pass(counter, 2)
        counter.clock.advance(minutes=58)
    assert len(doubling.jobs) - before <= 48
    assert await told(counter) == [OutboxKind.MODEL_RESTS]


async def test_its_example_is_answered_and_customers_are_not(counter: Counter, doubling: DoublingServer) -> None:
    """It comes back for one customer at a time, and less and less often; an answer makes it as good as new."""
    doubling.fails_for = lambda row: row.values["x"] != 1
    for x in (0.1, 0.2, 0.3):
        await fails_once(counter, x)
    pauses = []
    for number in range(5):
        since = counter.clock()
        while await rests(counter):
            counter.clock.advance(seconds=5)
            await tries_of(counter).look()
        pauses.append((counter.clock() - since).total_seconds())
        await fails_once(counter, 1.5 + number)
        assert await rests(counter), "one customer is enough now"
    assert [later > 1.5 * earlier for earlier, later in pairwise(pauses)] == [True] * 4
    doubling.fails_for = None
    await minutes_pass(counter, 60)
    await counter.buy(await counter.customer(), "doubler", {"x": 0.5})
    await worker_of(counter).run_waiting()
    doubling.problem = REFUSED
    await fails_once(counter, 0.5)
    assert not await rests(counter)
    (model,) = await counter.rows(Model, Model.slug == "doubler")
    assert (model.failures, model.rests) == (1, 0)


async def test_runs_that_are_turned_away_while_checks_are_good(counter: Counter, doubling: DoublingServer) -> None:
    """As by an images server that lists its models and answers 404 where pictures are made. What was sold waits, and is
    run when the server's runs are answered."""
    doubling.problem = ServerAway(problem="the server does not have that now (HTTP 404)")
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", {"x": 0.5})
    worker = worker_of(counter)

    async def a_second_passes() -> None:
        await worker.run_waiting()
        await worker._servers.look()
        counter.clock.advance(seconds=2)

    for _ in range(4):
        await a_second_passes()
    assert not await rests(counter)  # a server that just starts may do that
    for _ in range(4):
        await a_second_passes()
    assert await rests(counter)
    asked = len(doubling.jobs)
    for _ in range(4):
        await a_second_passes()
    assert len(doubling.jobs) == asked
    doubling.problem = None
    await minutes_pass(counter, 1)
    await worker.run_waiting()
    assert (await counter.view(sold)).status is PredictionStatus.SUCCEEDED
    assert await told(counter) == [OutboxKind.MODEL_RESTS, OutboxKind.MODEL_SERVES]


async def test_now_and_then_a_run_is_turned_away(counter: Counter, doubling: DoublingServer) -> None:
    """Between answers, or hours apart: no reason to rest."""
    anna, worker = await counter.customer(10_000), worker_of(counter)
    for number in range(6):
        doubling.problem = ServerAway(problem="HTTP 503")
        await counter.buy(anna, "doubler", {"x": 0.5})
        await worker.run_waiting()
        await worker._servers.look()
        counter.clock.advance(seconds=5 if number < 4 else 4000)
        doubling.problem = None
        await worker.run_waiting()
    assert await told(counter) == []


async def test_of_several_processes_one_tries(counter: Counter, doubling: DoublingServer) -> None:
    doubling.problem = REFUSED
    for x in (0.1, 0.2, 0.3):
        await fails_once(counter, x)
    before = len(doubling.jobs)
    counter.clock.advance(seconds=16)
    one, another = tries_of(counter), tries_of(counter)
    due = [await each._due() for each in (one, another)]
    for each, (model,) in zip((one, another), due, strict=True):
        await each._try(model)
    assert len(doubling.jobs) - before == 1


async def test_an_owner_tries_at_once(counter: Counter, doubling: DoublingServer) -> None:
    doubling.problem = REFUSED
    for x in (0.1, 0.2, 0.3):
        await fails_once(counter, x)
    await minutes_pass(counter, 60)
    doubling.problem = None
    admin = ModelManagement(counter.db, counter.clock, Staff((OWNER,)))
    await admin.try_again("doubler", actor=Actor.system())
    await tries_of(counter).look()
    assert not await rests(counter)


async def test_what_is_off_the_menu_is_not_tried(counter: Counter, doubling: DoublingServer) -> None:
    doubling.problem = REFUSED
    for x in (0.1, 0.2, 0.3):
        await fails_once(counter, x)
    admin, asked = ModelManagement(counter.db, counter.clock, Staff((OWNER,))), len(doubling.jobs)
    await admin.enable("doubler", enabled=False, actor=Actor.system())
    await minutes_pass(counter, 20)
    assert len(doubling.jobs) == asked
    await admin.enable("doubler", enabled=True, actor=Actor.system())
    doubling.problem = None
    await tries_of(counter).look()
    assert not await rests(counter)


async def test_another_version_is_tried_at_once(counter: Counter, doubling: DoublingServer) -> None:
    doubling.problem = REFUSED
    for x in (0.1, 0.2, 0.3):
        await fails_once(counter, x)
    await minutes_pass(counter, 60)
    doubling.problem = None
    manifest = counter.models.folder("doubler") / "manifest.toml"
    manifest.write_text(manifest.read_text("utf-8").replace('version = "1"', 'version = "2"'), "utf-8")
    assert not await counter.models.sync(counter.engine)
    assert await rests(counter)
    await tries_of(counter).look()
    assert not await rests(counter)


def test_pauses() -> None:
    assert [pause_after(each).total_seconds() for each in range(4)] == [15, 30, 60, 120]
    assert pause_after(500) == LONGEST_PAUSE == timedelta(hours=1)
