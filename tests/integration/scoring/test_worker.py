"""Tables in the hands of workers: answered, lost, poisoned, stopped."""

import asyncio
import math
from collections.abc import Awaitable
from functools import partial

from bot.wiring.inference import RUNTIMES
from db.tables.models import Model
from db.tables.outbox import OutboxKind
from db.tables.predictions import File
from db.tables.scorings import ScoringPart, ScoringStatus
from services.inference.columns import AnswerColumns, ColumnBatch
from services.inference.engine import Engine
from services.notifications.notification import Notification
from services.notifications.sending import Outbox
from services.scoring import claims
from services.scoring.queries import ScoringView
from services.scoring.undelivered import pay_back_table
from services.scoring.waits import PATIENCE
from services.scoring.worker import LEASE
from tests.support.tables import TableDesk
from tests.support.waiting import until

SUCCEEDED, FAILED, CANCELED = ScoringStatus.SUCCEEDED, ScoringStatus.FAILED, ScoringStatus.CANCELED


async def test_every_row_gets_its_answer(desk: TableDesk) -> None:
    view = await desk.ordered(await desk.counter.customer(100_000), range(700))
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.answered) == (SUCCEEDED, 700)
    header, *rows = await desk.result(view)
    assert header == ["X", "Y"]
    assert [float(y) for _, y in rows] == [2.0 * x for x in range(700)]
    assert await desk.lines(view.id) == [("charge", -70_000)]
    assert await desk.told(view) == 1
    assert await desk.counter.count(ScoringPart) == 0


async def test_rows_that_cannot_be_answered_fail_alone_and_are_paid_back(desk: TableDesk) -> None:
    anna = await desk.counter.customer(1_000)
    view = await desk.ordered(anna, [1, 2, 99, 3, -77, 4], "fragile")
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.done, ended.failed) == (SUCCEEDED, 6, 2)
    assert await desk.result(view) == [
        ["X", "Y", "Note"],
        ["1", "1.0", ""],
        ["2", "2.0", ""],
        ["99", "", "No answer."],
        ["3", "3.0", ""],
        ["-77", "", "No answer."],
        ["4", "4.0", ""],
    ]
    assert await desk.lines(view.id) == [("charge", -600), ("charge_return", 200)]
    assert await desk.counter.balance(anna) == 600


async def test_a_row_that_hangs_fails_alone(desk: TableDesk) -> None:
    view = await desk.ordered(await desk.counter.customer(1_000), [-1, -2, 5, -3], "endless")
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.answered, ended.failed) == (3, 1)


async def test_a_table_without_one_answer_is_paid_back_whole(desk: TableDesk) -> None:
    anna = await desk.counter.customer(500)
    view = await desk.ordered(anna, [99, 98], "fragile")
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.result_file_id) == (FAILED, None)
    assert await desk.lines(view.id) == [("charge", -200), ("charge_refund", 200)]
    assert await desk.told(view) == 1


class _Interrupted(Engine):
    """The process dies while it answers the second chunk."""

    def __init__(self) -> None:
        super().__init__(RUNTIMES, max_threads=1)
        self.chunks, self.stuck = 0, asyncio.Event()

    async def score(self, slug: str, columns: ColumnBatch, *, seconds: float = math.inf) -> AnswerColumns:
        self.chunks += 1
        if self.chunks > 1:
            self.stuck.set()
            await asyncio.Event().wait()
        return await super().score(slug, columns.part(0, 256), seconds=seconds)


async def test_a_kill_in_the_middle_loses_nothing_and_pays_nothing_twice(desk: TableDesk) -> None:
    """What the dead worker answered counts; another goes on from there when its lease has run out."""
    counter = desk.counter
    view = await desk.ordered(await counter.customer(100_000), range(900))
    engine = await _interrupted(desk)
    await _killed(desk, view, engine)
    begun = await desk.view(view)
    assert 0 < begun.done < 900
    await desk.worker().run_waiting()
    assert (await desk.view(view)).done == begun.done, "its lease runs"
    counter.clock.advance(seconds=LEASE.total_seconds() + 1)
    await desk.worker().run_waiting()
    assert (await desk.view(view)).answered == 900
    _, *rows = await desk.result(view)
    assert [float(y) for _, y in rows] == [2.0 * x for x in range(900)]
    assert await desk.lines(view.id) == [("charge", -90_000)]
    assert await desk.told(view) == 1


async def test_what_a_late_worker_brings_is_refused(desk: TableDesk) -> None:
    counter, now = desk.counter, desk.counter.clock()
    view = await desk.ordered(await counter.customer(1_000), [1, 2])
    late = await counter.db.write(
        claims.claim, slugs=["double"], held=[], worker="late", now=now, lease_until=now + LEASE
    )
    assert late is not None
    counter.clock.advance(seconds=LEASE.total_seconds() + 1)
    await desk.worker().run_waiting()
    stored = await counter.files.store(b"", "x")
    brought = partial(claims.advance, rows=2, failed=0, worker="late", now=now, lease_until=now + LEASE)
    assert await counter.db.write(brought, late.view, stored) is None
    assert (await desk.view(view)).answered == 2


async def test_rows_that_kill_their_workers_are_given_up(desk: TableDesk) -> None:
    counter = desk.counter
    view = await desk.ordered(await counter.customer(1_000), [1, 2])
    for number in range(3):
        now = counter.clock()
        await counter.db.write(
            claims.claim, slugs=["double"], held=[], worker=f"dead-{number}", now=now, lease_until=now + LEASE
        )
        counter.clock.advance(seconds=LEASE.total_seconds() + 1)
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.failed) == (FAILED, 2)
    assert await counter.balance(view.user_id) == 1_000


async def test_one_that_waits_is_canceled_at_once(desk: TableDesk) -> None:
    view = await desk.ordered(await desk.counter.customer(1_000), [1, 2])
    assert await desk.scorings.cancel(view.id, user_id=view.user_id)
    assert (await desk.view(view)).status is CANCELED
    assert await desk.lines(view.id) == [("charge", -200), ("charge_refund", 200)]
    await desk.worker().run_waiting()
    assert not await desk.scorings.cancel(view.id, user_id=view.user_id)
    assert await desk.told(view) == 1


async def test_of_one_that_is_stopped_what_is_done_is_delivered_and_paid(desk: TableDesk) -> None:
    counter = desk.counter
    view = await desk.ordered(await counter.customer(100_000), range(900))
    engine = await _interrupted(desk)
    await _killed(desk, view, engine)
    assert await desk.scorings.cancel(view.id, user_id=view.user_id)
    counter.clock.advance(seconds=LEASE.total_seconds() + 1)
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.canceling) == (SUCCEEDED, True)
    assert 0 < ended.answered < 900
    back = (900 - ended.answered) * 100
    assert await desk.lines(view.id) == [("charge", -90_000), ("charge_return", back)]
    header, *rows = await desk.result(view)
    assert header == ["X", "Y", "Note"]
    assert [row[1] != "" for row in rows] == [at < ended.answered for at in range(900)]


async def test_a_model_that_left_the_shop(desk: TableDesk) -> None:
    view = await desk.ordered(await desk.counter.customer(1_000), [1, 2])
    desk.counter.engine.unload("double")
    await desk.counter.change(Model, Model.slug == "double", present=False)
    worker = desk.worker()
    await worker.run_waiting()
    assert (await desk.view(view)).status is ScoringStatus.QUEUED
    desk.counter.clock.advance(seconds=PATIENCE.total_seconds() + 1)
    await worker.run_waiting()
    assert (await desk.view(view)).status is FAILED
    assert await desk.counter.balance(view.user_id) == 1_000


async def test_customers_take_turns(desk: TableDesk) -> None:
    """Of one customer a second table waits for the first, and not for others'."""
    counter, now = desk.counter, desk.counter.clock()
    anna, boris = await counter.customer(9_000), await counter.customer(9_000)
    first, second = await desk.ordered(anna, [1]), await desk.ordered(anna, [2])
    third = await desk.ordered(boris, [3])
    taken = []
    for number in range(3):
        one = await counter.db.write(
            claims.claim, slugs=["double"], held=[], worker=f"w{number}", now=now, lease_until=now + LEASE
        )
        taken.append(one and one.view.id)
    assert taken[2] is None
    assert set(taken[:2]) in ({first.id, third.id}, {second.id, third.id})
    counter.clock.advance(seconds=LEASE.total_seconds() + 1)
    await desk.worker().run_waiting()
    assert await counter.balance(anna) == 8_800


async def test_a_table_that_cannot_be_sent_is_paid_back(desk: TableDesk) -> None:
    counter = desk.counter
    view = await desk.ordered(await counter.customer(1_000, telegram_id=7), [1, 99, 2], "fragile")
    await desk.worker().run_waiting()
    outbox = Outbox(counter.db, counter.clock, {OutboxKind.SCORING: partial(pay_back_table, owners=[])})
    (notification,) = await outbox.claim(5)
    assert isinstance(notification, Notification)
    await outbox.fail(notification, "Bad Request: file is too big")
    ended = await desk.view(view)
    assert (ended.status, ended.error_code) == (FAILED, "NotDelivered")
    assert await desk.scorings.result(ended) is None, "it was paid back"
    assert await desk.lines(view.id) == [("charge", -300), ("charge_refund", 200), ("charge_return", 100)]
    assert await counter.balance(view.user_id) == 1_000


async def test_what_is_made_on_the_way_goes_when_it_is_over(desk: TableDesk) -> None:
    view = await desk.ordered(await desk.counter.customer(1_000), [1, 2])
    await desk.worker().run_waiting()
    files = await desk.counter.rows(File, File.user_id == view.user_id)
    stay = {file.id for file in files if file.created_at.year > 1970}
    ended = await desk.view(view)
    assert stay == {ended.source_file_id, ended.result_file_id}


async def _interrupted(desk: TableDesk) -> _Interrupted:
    engine = _Interrupted()
    desk.counter.exits.push_async_callback(engine.close)
    await desk.counter.models.sync(engine)
    return engine


async def _killed(desk: TableDesk, view: ScoringView, engine: _Interrupted) -> None:
    """A process that is gone says nothing more: not even that it gives up what it holds."""

    async def has_begun() -> bool:
        return engine.stuck.is_set() and (await desk.view(view)).done > 0

    async with asyncio.TaskGroup() as tasks:
        dying = tasks.create_task(_run(desk.worker(engine).run_waiting()))
        await until(has_begun)
        dying.cancel()


async def _run(work: Awaitable[None]) -> None:
    await work
