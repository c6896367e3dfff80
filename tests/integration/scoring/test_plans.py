"""Tables that a plan pays for: all rows or none, and what was not answered comes back to it."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from db.tables.outbox import OutboxKind
from db.tables.plans import AllowanceUnit
from db.tables.scorings import ScoringStatus
from services.billing.ledger import InsufficientBalance
from services.notifications.sending import Outbox
from services.plans.allowances import take_for_prediction
from services.plans.paying import PlanCover
from services.predictions.submit import PriceChanged
from services.scoring import claims
from services.scoring.queries import ScoringView
from services.scoring.undelivered import pay_back_table
from services.scoring.worker import LEASE
from tests.support.plans import add_plan, used
from tests.support.shop import add_prediction
from tests.support.tables import TableDesk

ROWS = [1, 2, 99, 3, -77, 4]  # two of them without an answer
FRAGILE = "fragile"


async def gives(desk: TableDesk, *allowances: tuple[int, tuple[str, ...]]) -> None:
    given = [(AllowanceUnit.REQUESTS, amount, slugs) for amount, slugs in allowances]
    await desk.counter.db.write(add_plan, "free", kopecks=None, allowances=given, created_at=desk.counter.clock())


async def seen(desk: TableDesk, draft: ScoringView) -> int:
    """The price that the screen shows."""
    offer = await desk.scorings.offer_of(draft)
    assert offer is not None
    covered = await PlanCover(desk.counter.db, desk.counter.clock).of(offer, draft.user_id)
    return covered.price_of_rows(draft.good)


async def ordered_as_seen(desk: TableDesk, draft: ScoringView) -> ScoringView:
    return await desk.order(draft, total=await seen(desk, draft))


async def left_of(desk: TableDesk) -> list[int]:
    return await desk.counter.db.read(used)


async def test_the_plan_pays_for_all_rows_and_gets_back_what_was_not_answered(desk: TableDesk) -> None:
    await gives(desk, (7, ()))
    anna = await desk.counter.customer(0)
    view = await ordered_as_seen(desk, await desk.draft(anna, ROWS, FRAGILE))
    assert (view.price, await left_of(desk)) == (0, [6])
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.answered) == (ScoringStatus.SUCCEEDED, 4)
    assert (await left_of(desk), await desk.lines(view.id)) == ([4], [])


async def test_a_plan_that_has_less_than_all_rows_pays_for_none(desk: TableDesk) -> None:
    await gives(desk, (5, ()))
    anna = await desk.counter.customer(600)
    draft = await desk.draft(anna, ROWS, FRAGILE)
    assert await seen(desk, draft) == 600
    view = await ordered_as_seen(desk, draft)
    await desk.worker().run_waiting()
    assert await desk.lines(view.id) == [("charge", -600), ("charge_return", 200)]
    assert (await left_of(desk), await desk.counter.balance(anna)) == ([0], 200)


async def test_the_allowance_that_has_enough_pays_also_where_another_is_used_first(desk: TableDesk) -> None:
    await gives(desk, (2, (FRAGILE,)), (9, ()))
    anna = await desk.counter.customer(0)
    draft = await desk.draft(anna, ROWS, FRAGILE)
    assert await seen(desk, draft) == 0
    await ordered_as_seen(desk, draft)
    assert await left_of(desk) == [0, 6]


async def test_what_is_used_up_between_look_and_order_is_not_charged_unseen(desk: TableDesk) -> None:
    """By a prediction, as anybody buys one beside a table."""
    await gives(desk, (6, ()))
    anna = await desk.counter.customer(1_000)
    draft = await desk.draft(anna, ROWS, FRAGILE)
    shown = await seen(desk, draft)

    def predict(session: object) -> None:
        prediction_id = add_prediction(session, user_id=anna, price=0, slug=FRAGILE)  # type: ignore[arg-type]
        assert take_for_prediction(session, anna, FRAGILE, prediction_id, desk.counter.clock())  # type: ignore[arg-type]

    await desk.counter.db.write(predict)
    with pytest.raises(PriceChanged) as changed:
        await desk.order(draft, total=shown)
    assert (shown, changed.value.price) == (0, 600)
    assert (await desk.view(draft)).status is ScoringStatus.DRAFT
    assert (await left_of(desk), await desk.counter.balance(anna)) == ([1], 1_000)


async def test_two_tables_at_once_take_no_more_than_there_is(desk: TableDesk) -> None:
    await gives(desk, (7, ()))
    anna = await desk.counter.customer(0)
    drafts = [await desk.draft(anna, [1, 2, 3, 4], FRAGILE) for _ in range(3)]
    told = await asyncio.gather(*(desk.order(each) for each in drafts), return_exceptions=True)
    assert sum(isinstance(each, InsufficientBalance) for each in told) == 2
    assert await left_of(desk) == [4]


async def test_one_that_is_stopped_midway_uses_what_was_answered(desk: TableDesk) -> None:
    await gives(desk, (10, ()))
    view = await ordered_as_seen(desk, await desk.draft(await desk.counter.customer(0), range(10)))
    counter, now = desk.counter, desk.counter.clock()
    claimed = await counter.db.write(
        claims.claim, slugs=["double"], held=[], worker="dies", now=now, lease_until=now + LEASE
    )
    assert claimed is not None
    stored = await counter.files.store(_answers(3), "application/octet-stream")
    brought = partial(claims.advance, rows=3, failed=1, worker="dies", now=now, lease_until=now + LEASE)
    assert await counter.db.write(brought, claimed.view, stored) is not None
    await desk.scorings.cancel(view.id, user_id=view.user_id)
    counter.clock.advance(seconds=LEASE.total_seconds() + 1)
    await desk.worker().run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.answered, await left_of(desk)) == (ScoringStatus.SUCCEEDED, 2, [2])


async def test_one_that_is_not_delivered_comes_back_whole_and_once(desk: TableDesk) -> None:
    await gives(desk, (6, ()))
    view = await ordered_as_seen(desk, await desk.draft(await desk.counter.customer(0, telegram_id=7), ROWS, FRAGILE))
    await desk.worker().run_waiting()
    assert await left_of(desk) == [4]
    outbox = Outbox(desk.counter.db, desk.counter.clock, {OutboxKind.SCORING: partial(pay_back_table, owners=[])})
    (notification,) = await outbox.claim(5)
    await outbox.fail(notification, "Bad Request: file is too big")
    assert (await desk.view(view)).status is ScoringStatus.FAILED
    assert await left_of(desk) == [0]


async def test_what_comes_back_after_the_month_is_of_the_month_that_paid(desk: TableDesk) -> None:
    await gives(desk, (6, ()))
    view = await ordered_as_seen(desk, await desk.draft(await desk.counter.customer(0), ROWS, FRAGILE))
    desk.counter.clock.now += timedelta(days=32)
    later = await ordered_as_seen(desk, await desk.draft(view.user_id, [1, 99], FRAGILE))
    assert (later.price, await left_of(desk)) == (0, [6, 2])
    await desk.worker().run_waiting()
    assert await left_of(desk) == [4, 1]


def _answers(rows: int) -> bytes:
    import numpy as np

    from services.inference.column_files import pack_answers
    from services.inference.columns import AnswerColumns

    failed = np.zeros(rows, np.bool_)
    failed[0] = True
    return pack_answers(AnswerColumns(columns={"y": np.arange(float(rows))}, failed=failed))
