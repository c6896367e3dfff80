"""The news of an answer is given up: the customer is paid back, whoever and however often gives it up."""

import asyncio
from datetime import timedelta
from functools import partial

from db.tables.outbox import OutboxKind, OutboxMessage, OutboxStatus, Wait
from db.tables.predictions import Prediction, PredictionStatus
from services.notifications.notification import Notification
from services.notifications.sending import LEAST_ATTEMPTS, Outbox
from services.predictions.submit import Sold
from services.predictions.undelivered import pay_back
from tests.support.counter import Counter

OWNER = 77


def _outbox(counter: Counter) -> Outbox:
    return Outbox(counter.db, counter.clock, {"prediction": partial(pay_back, owners=[OWNER])})


async def _answered(counter: Counter, user_id: int) -> Sold:
    sold = await counter.buy(user_id)
    await counter.worker().run_waiting()
    return sold


async def _claim(outbox: Outbox, sold: Sold) -> Notification:
    (notification,) = [
        each for each in await outbox.claim() if each.payload.get("prediction_id") == sold.prediction_id.hex
    ]
    return notification


async def test_a_refused_answer_is_paid_back_once(counter: Counter) -> None:
    """Two senders at once, one of them late; then everything that was given up is sent once more."""
    await counter.customer(0, telegram_id=OWNER)
    user_id = await counter.customer()
    sold = await _answered(counter, user_id)
    outbox = _outbox(counter)
    notification = await _claim(outbox, sold)
    assert await counter.balance(user_id) == 900
    await asyncio.gather(*(outbox.fail(notification, "Bad Request: no") for _ in range(4)))
    view = await counter.view(sold)
    assert (view.status, view.error_code) == (PredictionStatus.FAILED, "NotDelivered")
    assert await counter.balance(user_id) == 1000
    told = await counter.rows(OutboxMessage, OutboxMessage.status == OutboxStatus.PENDING)
    assert sorted(row.kind for row in told) == [OutboxKind.ANSWER_UNDELIVERED, "prediction"]
    await outbox.reopen()
    again = [each for each in await outbox.claim() if each.user_id == user_id]
    for each in again:
        await outbox.fail(each, "Bad Request: no")
    assert await counter.balance(user_id) == 1000


async def test_owners_hear_once_of_a_model(sqlite_counter: Counter) -> None:
    counter = sqlite_counter
    await counter.customer(0, telegram_id=OWNER)
    outbox = _outbox(counter)
    for user_id in [await counter.customer() for _ in range(3)]:
        await outbox.fail(await _claim(outbox, await _answered(counter, user_id)), "Bad Request: no")
    assert await counter.count(OutboxMessage, OutboxMessage.kind == OutboxKind.ANSWER_UNDELIVERED) == 1


async def test_what_finds_no_way_for_days_is_paid_back(sqlite_counter: Counter) -> None:
    """Also where nobody said no."""
    counter = sqlite_counter
    user_id = await counter.customer()
    sold = await _answered(counter, user_id)
    outbox = _outbox(counter)
    for _ in range(LEAST_ATTEMPTS + 1):
        counter.clock.advance(seconds=timedelta(days=1).total_seconds())
        for notification in await outbox.claim():
            await outbox.retry(notification, "502")
    assert (await counter.view(sold)).status is PredictionStatus.FAILED
    assert await counter.balance(user_id) == 1000


async def test_a_second_look_that_is_refused_takes_nothing_back(sqlite_counter: Counter) -> None:
    counter = sqlite_counter
    user_id = await counter.customer()
    sold = await _answered(counter, user_id)
    outbox = _outbox(counter)
    notification = await _claim(outbox, sold)
    await outbox.sent(notification)
    assert notification.about is not None
    await outbox.recheck(notification.about)
    counter.clock.advance(seconds=60)
    await outbox.fail(await _claim(outbox, sold), "Bad Request: no")
    assert (await counter.view(sold)).status is PredictionStatus.SUCCEEDED
    assert await counter.count(Prediction, Prediction.error_code.is_not(None)) == 0


async def test_an_answer_that_the_shop_cannot_present_is_paid_back(counter: Counter) -> None:
    """The money does not wait for a repair; the news of it does."""
    await counter.customer(0, telegram_id=OWNER)
    user_id = await counter.customer()
    sold = await _answered(counter, user_id)
    outbox = _outbox(counter)
    assert await outbox.shelve(await _claim(outbox, sold), "KeyError: 'y'") is OutboxStatus.FAILED
    assert (await counter.view(sold)).error_code == "NotDelivered"
    assert await counter.balance(user_id) == 1000
    assert await counter.count(OutboxMessage, OutboxMessage.kind == OutboxKind.ANSWER_UNDELIVERED) == 1
    told = await _claim(outbox, sold)
    assert await outbox.shelve(told, "KeyError: 'y'") is OutboxStatus.PENDING
    (row,) = await counter.rows(OutboxMessage, OutboxMessage.id == told.id)
    assert (row.status, row.waits_for) == (OutboxStatus.PENDING, Wait.REPAIR)
    assert row.available_at > counter.clock()
    await counter.check()
