"""Notifications are hints: whatever they claim, only the provider's own answer counts."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from db.tables.payments import PaymentStatus
from services.money import Money, rub
from services.payments.providers.base import BadNotification, ResultUnknown
from services.payments.providers.yookassa.notifications import read_notification
from tests.support.faults import Crash, Fault
from tests.support.tills import MERCHANT, OWNER, Cashier, notification
from tests.support.waiting import until


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"notification"',
        b"{}",
        b'{"type": "notification"}',
        b'{"type": "payment", "event": "payment.succeeded", "object": {"id": "1"}}',
        b'{"type": "notification", "event": 5, "object": {"id": "1"}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": []}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": 1}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": ""}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "../me"}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "a?b"}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "%s"}}' % (b"a" * 65),
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "1", "n": NaN}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "1", "s": "\\u0000"}}',
        b'{"type": "notification", "event": "payment.succeeded", "object": {"id": "1", "s": "\\ud800"}}',
        b'{"type": "notification", "event": "e%s", "object": {"id": "1"}}' % (b"e" * 64),
        b'{"a":' * 50_000,
        b"[" * 200_000,
        b"1" * 5_000,
    ],
    ids=lambda raw: repr(raw[:80]),
)
def test_what_is_no_notification(raw: bytes) -> None:
    with pytest.raises(BadNotification):
        read_notification(raw)


async def test_an_unknown_event_is_kept_and_ignored(cashier: Cashier) -> None:
    """A kept card is no news: it came with its payment."""
    await cashier.delivers("payout.succeeded", "22e12f66-000f-5000-8000-18db351245c6")
    await cashier.delivers("payment_method.active", "22e12f66-000f-5000-8000-18db351245c7")
    assert await cashier.till.events.handle_due() == 2
    assert await cashier.notes() == ["unknown event", None]
    assert cashier.yookassa.calls == []


async def test_a_forged_success_changes_nothing(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.begins(anna)
    for object_id in (payment.provider_payment_id or "", str(payment.id), str(uuid4())):
        raw = notification(
            "payment.succeeded",
            object_id,
            paid=True,
            amount={"value": "300.00", "currency": "RUB"},
            metadata={"payment_id": str(payment.id)},
        )
        await cashier.till.events.keep(read_notification(raw))
    await cashier.till.events.handle_due()
    assert await cashier.balance(anna) == 0
    assert (await cashier.payments.get(payment.id)).status is PaymentStatus.PENDING
    assert await cashier.facts() == []


async def test_the_true_success_after_a_forged_one_counts_at_once(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.begins(anna)
    remote_id = payment.provider_payment_id or ""
    await cashier.delivers("payment.succeeded", remote_id)
    for _ in range(10):
        await cashier.till.events.handle_due()
        cashier.clock.advance(minutes=10)
    assert await cashier.events(handled=True) == 1
    cashier.yookassa.pay(remote_id)
    await cashier.notified()
    assert await cashier.credited(payment.id) == [3000]
    assert await cashier.notes() == [None]


async def test_the_true_success_soon_after_a_forged_one(quick: Cashier) -> None:
    """It does not wait out the pause that the forged one has earned."""
    payment = await quick.begins(await quick.customer())
    remote_id = payment.provider_payment_id or ""
    for _ in range(3):
        await quick.delivers("payment.succeeded", remote_id)
        assert await quick.till.events.handle_due() == 0
    quick.yookassa.pay(remote_id)
    await quick.notified()
    assert await quick.credited(payment.id) == [3000]


async def test_a_notification_that_came_too_early_is_looked_into_again(quick: Cashier) -> None:
    payment = await quick.begins(await quick.customer())
    remote_id = payment.provider_payment_id or ""
    await quick.delivers("payment.succeeded", remote_id)
    assert await quick.till.events.handle_due() == 0
    quick.yookassa.pay(remote_id)
    quick.clock.advance(seconds=5)
    assert await quick.till.events.handle_due() == 1
    assert await quick.credited(payment.id) == [3000]


async def test_a_notification_that_overtakes_the_create_call(cashier: Cashier) -> None:
    """The provider's id is not known here yet: ours in the metadata finds the row."""
    anna, wish = await cashier.customer(), uuid4()
    cashier.yookassa.faults.append(Fault.LOST_ANSWER)
    with pytest.raises(ResultUnknown):
        await cashier.begins(anna, id=wish)
    remote = cashier.yookassa.by_our_id(wish)
    cashier.yookassa.pay(remote.id)
    await cashier.notified()
    assert await cashier.credited(wish) == [3000]
    assert (await cashier.begins(anna, id=wish)).status is PaymentStatus.SUCCEEDED


async def test_reordered_and_repeated(cashier: Cashier) -> None:
    cashier.yookassa.holds = True
    payment = await cashier.begins(await cashier.customer())
    remote_id = payment.provider_payment_id or ""
    cashier.yookassa.pay(remote_id)
    await cashier.till.settlement.check(payment)
    for event in ("payment.succeeded", "payment.waiting_for_capture", "payment.canceled", "payment.succeeded"):
        await cashier.delivers(event, remote_id)
        await cashier.delivers(event, remote_id)
    await cashier.till.events.handle_due()
    assert await cashier.credited(payment.id) == [3000]
    assert await cashier.facts() == ["succeeded"]


WRONG: dict[str, dict[str, Any]] = {
    "another shop's": {"shop_id": "999"},
    "no shop": {"shop_id": None},
    "another amount": {"amount": rub(1)},
    "another currency": {"amount": Money(300_00, "USD")},
    "of a test shop": {"test": True},
    "without our id": {"our_id": None},
    "with another id of ours": {"our_id": str(uuid4())},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
async def test_a_payment_that_differs_from_our_books(quick: Cashier, wrong: dict[str, Any]) -> None:
    """The shop is a live one."""
    quick.restart(replace(MERCHANT, test=False))
    quick.yookassa.test = False
    await quick.customer(telegram_id=OWNER)
    anna = await quick.customer()
    payment = await quick.begins(anna)
    remote_id = payment.provider_payment_id or ""
    quick.yookassa.pay(remote_id)
    quick.yookassa.payments[remote_id] = replace(quick.yookassa.payments[remote_id], **wrong)
    for _ in range(3):
        await quick.delivers("payment.succeeded", remote_id)
        await quick.till.events.handle_due()
        quick.clock.advance(hours=1)
        await quick.till.reconciler.round()
    assert await quick.balance(anna) == 0
    assert await quick.problems() == ["payment_mismatch"]
    [alert] = await quick.notifications("payment_problem")
    assert alert["payment_id"] == payment.id.hex
    word = "currency" if wrong == WRONG["another currency"] else next(iter(wrong)).split("_")[0]
    assert word in alert["detail"].replace("metadata", "our")
    assert (await quick.payments.get(payment.id)).status is PaymentStatus.PENDING
    await quick.is_sound()


async def test_a_payment_of_another_shop_program_is_left_alone(quick: Cashier) -> None:
    """The same YooKassa shop may sell elsewhere too."""
    anna = await quick.customer()
    payment = await quick.begins(anna)
    foreign = replace(quick.yookassa.by_our_id(payment.id), id=str(uuid4()), our_id=None, mark={}, status="succeeded")
    quick.yookassa.payments[foreign.id] = foreign
    await quick.delivers("payment.succeeded", foreign.id)
    await quick.till.events.handle_due()
    assert await quick.notes() == ["not a payment of ours"]
    assert await quick.problems() == []


async def test_a_provider_that_is_away_is_asked_again(cashier: Cashier) -> None:
    payment = await cashier.begins(await cashier.customer())
    cashier.yookassa.pay(payment.provider_payment_id or "")
    cashier.yookassa.faults.extend([Fault.LOST] * 3)
    await cashier.notified()
    waits = 0
    while not await cashier.events(handled=True):
        cashier.clock.advance(seconds=5)
        await cashier.till.events.handle_due()
        waits += 1
    assert waits == 7  # 5, 10 and 20 seconds
    assert await cashier.credited(payment.id) == [3000]


async def test_a_process_that_dies_over_an_event_leaves_it_to_another(cashier: Cashier) -> None:
    payment = await cashier.begins(await cashier.customer())
    cashier.yookassa.pay(payment.provider_payment_id or "")
    cashier.yookassa.faults.append(Fault.CRASH_AFTER)
    with pytest.raises(Crash):
        await cashier.notified()
    cashier.restart()
    assert await cashier.till.events.handle_due() == 0  # it may still be in somebody's hands
    cashier.clock.advance(minutes=6)
    assert await cashier.till.events.handle_due() == 1
    assert await cashier.credited(payment.id) == [3000]


async def test_run_handles_what_comes(quick: Cashier) -> None:
    payment = await quick.begins(await quick.customer())
    quick.yookassa.pay(payment.provider_payment_id or "")
    async with asyncio.TaskGroup() as group:
        loop = group.create_task(quick.till.events.run())
        await quick.delivers("payment.succeeded", payment.provider_payment_id or "")
        await until(lambda: quick.credited(payment.id))
        loop.cancel()


async def test_a_thousand_forged_ones(quick: Cashier) -> None:
    await asyncio.gather(*(quick.delivers("payment.succeeded", str(uuid4())) for _ in range(1000)))
    assert await quick.till.events.handle_due() == 1000
    assert set(await quick.notes()) == {"the provider knows no such object"}
    assert await quick.till.events.unhandled() == 0


async def test_old_notifications_are_forgotten_foreign_ones_first(cashier: Cashier) -> None:
    payment = await cashier.begins(await cashier.customer())
    cashier.yookassa.pay(payment.provider_payment_id or "")
    await cashier.notified()
    await cashier.delivers("payment.succeeded", str(uuid4()))
    await cashier.till.events.handle_due()
    assert await cashier.till.events.forget() == 0
    cashier.clock.now += timedelta(days=8)
    assert await cashier.till.events.forget() == 1
    cashier.clock.now += timedelta(days=180)
    assert await cashier.till.events.forget() == 1


async def test_the_documented_bodies_are_understood() -> None:
    for event, thing in (
        ("payment.succeeded", {"id": "22d6d597-000f-5000-9000-145f6df21d6f", "amount": {"value": "2.00"}}),
        ("payment.canceled", {"id": "22d6d597-000f-5000-9000-145f6df21d6f"}),
        ("refund.succeeded", {"id": "21b23b5b-000f-5061-a000-0674e49a8c10", "amount": {"value": 250.0}}),
        ("deal.closed", {"id": "dl-285e5ee7-0022-5000-8000-01516a44b147"}),
    ):
        raw = json.dumps({"type": "notification", "event": event, "object": thing}).encode()
        hint = read_notification(raw)
        assert (hint.event, hint.object_id, hint.body["object"]) == (event, thing["id"], thing)
