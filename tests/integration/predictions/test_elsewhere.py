"""Models at servers: slow, dead, canceled, and never paid for where nothing came."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.models import Model
from db.tables.outbox import OutboxMessage
from db.tables.predictions import ErrorCode, Prediction, PredictionStatus
from services.inference import loaded
from services.inference.errors import ModelBroken, RequestRefused, RunFailed, ServerAway
from services.inference.tensors import RunProgress
from services.models.offers import ModelResting
from services.models.server_watch import ServerWatch
from services.notifications.message_ref import MessageRef
from services.predictions.cancel import Canceling
from services.predictions.history import PredictionNotFound
from services.predictions.worker import Worker
from tests.support.clock import FakeClock
from tests.support.counter import Counter
from tests.support.elsewhere import DoublingServer, doubling_counter, place_doubler
from tests.support.waiting import until
from tests.unit.inference.models import NUMBER_X, NUMBER_Y, identity, write_model

OWNER = 900
HALF = {"x": 0.5}


@pytest.fixture
def doubling() -> DoublingServer:
    return DoublingServer()


@pytest.fixture
async def counter(
    database: Database, clock: FakeClock, tmp_path: Path, doubling: DoublingServer
) -> AsyncIterator[Counter]:
    async with doubling_counter(database, clock, tmp_path, doubling) as made:
        yield made


@asynccontextmanager
async def working(counter: Counter) -> AsyncIterator[Worker]:
    worker = Worker(counter.db, counter.engine, counter.clock, counter.files, lambda: None, owners=[OWNER])
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(worker.run())
        try:
            yield worker
        finally:
            running.cancel()


async def test_it_is_run_under_its_own_id_and_paid_once(counter: Counter, doubling: DoublingServer) -> None:
    doubling.gate.set()
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", HALF)
    await counter.worker().run_waiting()
    view = await counter.view(sold)
    assert view.status is PredictionStatus.SUCCEEDED
    assert view.result == {"outputs": {"y": 1.0}, "advice": None}
    assert doubling.jobs == [sold.prediction_id]
    assert await counter.balance(anna) == 900


async def test_a_hanging_server_holds_up_no_other_model(counter: Counter, doubling: DoublingServer) -> None:
    anna = await counter.customer(10_000)
    for _ in range(8):
        await counter.buy(anna, "doubler", HALF)
    wines = [await counter.buy(anna) for _ in range(16)]
    async with working(counter):

        async def all_answered() -> bool:
            return all([(await counter.view(wine)).status is PredictionStatus.SUCCEEDED for wine in wines])

        async def both_are_asked() -> bool:
            return len(doubling.jobs) >= 2

        await until(all_answered)
        await until(both_are_asked)
        assert len(doubling.jobs) == 2  # no more than its own limit; the rest waits in the queue, for any worker
        assert await counter.count(Prediction, Prediction.status == "queued") == 6


@pytest.mark.parametrize(
    ("progress", "told"), [(RunProgress(ahead=3), (3, None)), (RunProgress(percent=40), (None, 40))]
)
async def test_how_far_it_has_come_is_told(
    counter: Counter, doubling: DoublingServer, progress: RunProgress, told: tuple[int | None, int | None]
) -> None:
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", HALF, shown_in=MessageRef(chat_id=1, message_id=7))

    async def is_told() -> bool:
        doubling.tells(progress)
        (shown,) = await counter.history.unfinished(counter.clock() + timedelta(seconds=1))
        return (shown.ahead, shown.percent) == told

    async def is_done() -> bool:
        return (await counter.view(sold)).status is PredictionStatus.SUCCEEDED

    async with working(counter):
        await until(is_told)
        doubling.gate.set()
        await until(is_done)


async def test_what_waits_is_canceled_at_once(counter: Counter, doubling: DoublingServer) -> None:
    anna = await counter.customer()
    sold = await counter.buy(anna)
    assert await counter.predictions.cancel(sold.prediction_id, user_id=anna) is Canceling.CANCELED
    assert await counter.predictions.cancel(sold.prediction_id, user_id=anna) is Canceling.TOO_LATE
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is PredictionStatus.CANCELED
    assert await counter.kinds(sold.prediction_id) == ["charge", "charge_refund"]
    assert await counter.balance(anna) == 1000
    assert await counter.notifications(sold) == 1


async def test_nobody_cancels_anothers(counter: Counter) -> None:
    anna, boris = await counter.customer(), await counter.customer()
    sold = await counter.buy(anna)
    with pytest.raises(PredictionNotFound):
        await counter.predictions.cancel(sold.prediction_id, user_id=boris)
    assert (await counter.view(sold)).status is PredictionStatus.QUEUED


async def test_what_runs_is_canceled_at_its_server_and_it_alone(counter: Counter, doubling: DoublingServer) -> None:
    anna = await counter.customer()
    sold, other = [await counter.buy(anna, "doubler", HALF) for _ in range(2)]

    async def both_run() -> bool:
        return len(doubling.jobs) == 2

    async def is_canceled() -> bool:
        return (await counter.view(sold)).status is PredictionStatus.CANCELED

    async def is_answered() -> bool:
        return (await counter.view(other)).status is PredictionStatus.SUCCEEDED

    async with working(counter):
        await until(both_run)
        assert await counter.predictions.cancel(sold.prediction_id, user_id=anna) is Canceling.ASKED
        await until(is_canceled)
        assert doubling.canceled == [sold.prediction_id]
        doubling.gate.set()
        await until(is_answered)
    assert await counter.balance(anna) == 900


async def test_a_wish_to_cancel_outlives_its_worker(counter: Counter, doubling: DoublingServer) -> None:
    """The worker dies before it hears of it; the row is not run again."""
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", HALF)
    worker = counter.worker()

    async def it_runs() -> bool:
        return len(doubling.jobs) == 1

    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(worker.run_waiting())
        await until(it_runs)
        await counter.predictions.cancel(sold.prediction_id, user_id=anna)
        running.cancel()
    counter.clock.advance(seconds=60)
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is PredictionStatus.CANCELED
    assert len(doubling.jobs) == 1
    assert await counter.balance(anna) == 1000


async def test_a_server_that_is_away_makes_its_model_rest_until_it_is_back(
    counter: Counter, doubling: DoublingServer
) -> None:
    anna, owner = await counter.customer(), await counter.customer(telegram_id=OWNER)
    doubling.away = True
    told: list[str] = []
    watch = ServerWatch(counter.db, counter.engine, counter.clock, lambda: told.append("told"), owners=[OWNER])

    async def look() -> None:
        watch._due.clear()  # whenever it is time
        await watch.look()

    await look()
    assert (await counter.models.offer("doubler")).resting is False  # once may be a hiccup
    await look()
    await look()
    assert (await counter.models.offer("doubler")).resting is True
    with pytest.raises(ModelResting):
        await counter.buy(anna, "doubler", HALF)
    assert await counter.balance(anna) == 1000
    await counter.buy(anna)  # the others are sold
    doubling.away = False
    await look()
    await look()
    assert (await counter.models.offer("doubler")).resting is False
    kinds = [row.kind for row in await counter.rows(OutboxMessage, OutboxMessage.user_id == owner)]
    assert kinds == ["model_rests", "model_serves"]
    assert told == ["told", "told"]
    await counter.buy(anna, "doubler", HALF)


async def test_one_that_was_away_is_back_soon(counter: Counter, doubling: DoublingServer) -> None:
    """However long it was away, and for the second time within the hour, too. A dead one is asked as often as one that
    lives."""
    watch = ServerWatch(counter.db, counter.engine, counter.clock, lambda: None, owners=[OWNER])
    loop = asyncio.get_running_loop()
    for checks in (5, 60):
        pauses, doubling.away = [], True
        for _ in range(checks):
            watch._due.clear()
            await watch.look()
            pauses.append(watch._due["doubler"] - loop.time())
        assert max(pauses) <= 15
        assert pauses[:2] == [pytest.approx(2, abs=0.9), pytest.approx(2 * 2, abs=0.9)]
        assert (await counter.models.offer("doubler")).resting is True
        doubling.away = False
        counter.clock.advance(seconds=15)
        watch._due.clear()
        await watch.look()
        assert (await counter.models.offer("doubler")).resting is False


async def test_a_check_without_an_end_holds_up_no_other_server(
    counter: Counter, doubling: DoublingServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_doubler(tmp_path / "store", "mute")
    assert not await counter.models.sync(counter.engine)
    doubling.silent, doubling.away = "mute", True
    monkeypatch.setattr(loaded, "CHECK_SECONDS", 600)

    async def rests() -> bool:
        return (await counter.models.offer("doubler")).resting

    async with working(counter) as worker:
        worker.on_away("doubler")
        await until(rests)
        doubling.away = False
        asked = doubling.asked

        async def is_asked() -> bool:
            return doubling.asked > asked

        await until(is_asked)


async def test_owners_hear_little_of_a_server_that_comes_and_goes(counter: Counter, doubling: DoublingServer) -> None:
    """It is up for a quarter of a minute and away for the next one, an hour long."""
    owner = await counter.customer(telegram_id=OWNER)
    watch = ServerWatch(counter.db, counter.engine, counter.clock, lambda: None, owners=[OWNER])
    for _ in range(120):
        doubling.away = not doubling.away
        for _ in range(2):
            watch._due.clear()
            await watch.look()
        counter.clock.advance(seconds=30)
    assert await counter.count(OutboxMessage, OutboxMessage.user_id == owner) <= 30


async def test_two_workers_of_which_one_cannot_reach_the_server(counter: Counter, doubling: DoublingServer) -> None:
    """One makes the model rest, the other wakes it: not for ever by turns."""
    owner, anna = await counter.customer(telegram_id=OWNER), await counter.customer()
    cut_off, reaches = [
        ServerWatch(counter.db, counter.engine, counter.clock, lambda: None, owners=[OWNER]) for _ in range(2)
    ]
    for _ in range(120):
        for watch, away in ((cut_off, True), (cut_off, True), (reaches, False)):
            doubling.away = away
            watch._due.clear()
            await watch.look()
        counter.clock.advance(seconds=30)
    assert await counter.count(OutboxMessage, OutboxMessage.user_id == owner) <= 30
    doubling.gate.set()
    counter.clock.advance(minutes=10)
    watch._due.clear()
    await watch.look()
    await counter.buy(anna, "doubler", HALF)


async def test_a_model_that_is_run_here_from_now_on_rests_no_more(
    counter: Counter, doubling: DoublingServer, tmp_path: Path
) -> None:
    """Its server went away, and what was sold then is run all the same."""
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", HALF)
    await counter.change(Model, Model.slug == "doubler", resting_since=counter.clock(), resting_for="away")
    shutil.rmtree(tmp_path / "store" / "doubler")
    numbers = NUMBER_X.replace("label", "example = 1\nlabel") + NUMBER_Y
    write_model(tmp_path / "store", identity(), numbers, slug="doubler")
    assert not await counter.models.sync(counter.engine)
    assert (await counter.models.offer("doubler")).resting is False
    again = await counter.buy(anna, "doubler", HALF)
    await counter.worker().run_waiting()
    assert [(await counter.view(each)).status for each in (sold, again)] == [PredictionStatus.SUCCEEDED] * 2


async def test_what_was_sold_before_waits_and_is_run_when_the_server_is_back(
    counter: Counter, doubling: DoublingServer
) -> None:
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", HALF)
    doubling.away = True
    doubling.gate.set()
    watch = ServerWatch(counter.db, counter.engine, counter.clock, lambda: None, owners=[])
    for _ in range(3):
        await counter.worker().run_waiting()
        counter.clock.advance(seconds=2)
        watch._due.clear()
        await watch.look()
    assert (await counter.view(sold)).status is PredictionStatus.QUEUED
    doubling.away = False
    watch._due.clear()
    await watch.look()
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is PredictionStatus.SUCCEEDED
    assert doubling.jobs == [sold.prediction_id]


async def test_what_was_sold_before_a_long_outage_is_paid_back(counter: Counter, doubling: DoublingServer) -> None:
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", HALF)
    await counter.change(Model, Model.slug == "doubler", resting_since=counter.clock())
    counter.engine.rest("doubler", True)
    counter.clock.advance(minutes=9)
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is PredictionStatus.QUEUED
    counter.clock.advance(minutes=2)
    await counter.worker().run_waiting()
    view = await counter.view(sold)
    assert (view.status, view.error_code) == (PredictionStatus.FAILED, ErrorCode.MODEL_UNAVAILABLE)
    assert await counter.balance(anna) == 1000
    assert doubling.jobs == []


@pytest.mark.parametrize(
    ("problem", "code", "runs"),
    [
        (RequestRefused(problem="moderation_blocked"), ErrorCode.REFUSED, 1),
        (RunFailed(problem="CUDA out of memory", retryable=True), ErrorCode.RUN_FAILED, 2),
        (ModelBroken(problem="there is no such model", fix="Load it"), ErrorCode.MODEL_BROKEN, 1),
    ],
)
async def test_three_kinds_of_error(
    counter: Counter, doubling: DoublingServer, problem: Exception, code: ErrorCode, runs: int
) -> None:
    """The customer's and the operator's are told at once, what passes is tried again; all are paid back."""
    doubling.problem = problem  # type: ignore[assignment]
    doubling.gate.set()
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", HALF)
    for _ in range(3):
        await counter.worker().run_waiting()
        counter.clock.advance(seconds=10)
    view = await counter.view(sold)
    assert (view.status, view.error_code, len(doubling.jobs)) == (PredictionStatus.FAILED, code, runs)
    assert await counter.balance(anna) == 1000


async def test_a_server_that_answers_checks_and_no_run_is_not_asked_for_ever(
    counter: Counter, doubling: DoublingServer
) -> None:
    """As behind a proxy that is less patient than the model is slow; each run may cost the operator money."""
    doubling.gate.set()
    doubling.problem = ServerAway(problem="HTTP 504")
    anna = await counter.customer()
    sold = await counter.buy(anna, "doubler", HALF)
    for _ in range(4):
        await counter.worker().run_waiting()
        counter.clock.advance(seconds=60)
    assert (await counter.view(sold)).status is PredictionStatus.QUEUED
    counter.clock.advance(minutes=10)
    for _ in range(4):
        await counter.worker().run_waiting()
        counter.clock.advance(seconds=60)
    view = await counter.view(sold)
    assert (view.status, view.error_code) == (PredictionStatus.FAILED, ErrorCode.MODEL_UNAVAILABLE)
    assert len(doubling.jobs) == 4 + 2  # the manifest's attempts
    assert await counter.balance(anna) == 1000
