"""Money back: at most what was paid, and the credits with it, exactly."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from db.base import table_of
from db.engine import Database
from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.users import AuditEntry
from services.billing import ledger
from services.billing.reminders import Reminders
from services.money import rub
from services.payments.packages import PackageOffer, Packages
from services.payments.providers.base import NotAuthorized, Refused, ResultUnknown
from services.payments.queries import PaymentNotFound, PaymentView
from services.payments.refunds.begin import (
    AlreadyRefunded,
    NotRefundable,
    RefundNeedsConfirmation,
    RefundRequest,
    RefundTooLarge,
    credits_due,
)
from services.plans.discounts import discount_of
from services.users.actor import Actor
from services.users.roles import Staff
from tests.support.clock import START, FakeClock
from tests.support.faults import Crash, Fault
from tests.support.tills import OWNER, Cashier, open_cashier


async def spend(cashier: Cashier, user_id: int, amount: int) -> None:
    await cashier.db.write(
        ledger.take_back, user_id=user_id, amount=amount, key=f"spend:{uuid4()}", now=cashier.clock()
    )


async def test_a_full_refund_takes_all_back(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.pays(anna)
    refund = await cashier.refunds(payment, 300_00)
    assert (refund.status, refund.credits_taken, refund.credits_uncollected) == (RefundStatus.SUCCEEDED, 3000, 0)
    assert await cashier.balance(anna) == 0
    assert await cashier.notifications("refund") == [{"refund_id": refund.id.hex, "payment_id": payment.id.hex}]
    assert cashier.yookassa.payments[payment.provider_payment_id or ""].refunded.minor == 300_00
    audit = table_of(AuditEntry)
    row = await cashier.db.read(lambda s: s.execute(select(audit)).one())
    assert (row.actor_user_id, row.action, row.target_user_id, row.subject) == (
        (await cashier.owner()).user_id,
        "payment.refund",
        anna,
        str(payment.id),
    )
    assert (row.before, row.reason) == ({"refunded": "0.00"}, "asked for it")
    assert row.after == {"refunded": "300.00", "amount": "300.00", "refund_id": str(refund.id)}
    with pytest.raises(AlreadyRefunded):
        await cashier.refunds(payment, 1)
    await cashier.is_sound()


async def test_parts_add_up_exactly(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.pays(anna, 100_01)  # 10.00 credits for 10,001 kopecks
    taken = [(await cashier.refunds(payment, part)).credits_taken for part in (33_33, 33_33, 33_34, 1)]
    assert sum(taken) == payment.credits == 1000
    assert await cashier.balance(anna) == 0
    await cashier.is_sound()


async def test_what_was_sent_back_of_a_page_of_payments(cashier: Cashier) -> None:
    anna = await cashier.customer()
    whole, part, kept = [await cashier.pays(anna, kopecks) for kopecks in (100_00, 200_00, 300_00)]
    for payment, kopecks in ((whole, 100_00), (part, 50_00), (part, 1)):
        await cashier.refunds(payment, kopecks)
    cashier.yookassa.refunds_wait = True
    await cashier.refunds(kept, 300_00)
    page = await cashier.payments.of_user(anna)
    assert await cashier.payments.sent_back(page.items) == {whole.id: rub(100_00), part.id: rub(50_01)}
    assert await cashier.payments.sent_back([kept]) == await cashier.payments.sent_back([]) == {}


@given(
    credits=st.integers(1, 10**9),
    parts=st.lists(st.integers(1, 10**6), min_size=1, max_size=12),
)
def test_whatever_the_parts_together_they_are_all(credits: int, parts: list[int]) -> None:  # noqa: A002 - the field's own word
    payment = _payment(amount=sum(parts), credits_=credits)
    before = taken = 0
    for part in parts:
        due = credits_due(payment, before=before, amount=part)
        assert due >= 0
        before, taken = before + part, taken + due
    assert taken == credits
    assert credits_due(payment, before=before, amount=1) == 0  # the cabinet sent back more than was paid


def _payment(*, amount: int, credits_: int) -> PaymentView:
    return PaymentView(
        id=uuid4(),
        user_id=1,
        package_id=None,
        provider="yookassa",
        provider_payment_id="1",
        status=PaymentStatus.SUCCEEDED,
        amount=rub(amount),
        credits=credits_,
        valid_days=None,
        test=True,
        description="",
        receipt_email=None,
        return_url="",
        confirmation_url=None,
        cancel_reason=None,
        shown_in=None,
        checks=0,
        created_at=START,
        paid_at=START,
    )


async def test_spent_credits_need_a_second_word_and_stay_owed(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.pays(anna)
    await spend(cashier, anna, 2000)
    quote = await cashier.till.refunds.quote(payment.id)
    assert quote.rest.minor == 300_00
    assert quote.covered.minor == 100_09  # the last kopecks do not come to another hundredth
    with pytest.raises(RefundNeedsConfirmation) as asked:
        await cashier.refunds(payment, 300_00)
    assert (asked.value.due, asked.value.held) == (3000, 1000)
    assert cashier.yookassa.refunds == {}
    assert (await cashier.refunds(payment, quote.covered.minor)).credits_uncollected == 0
    refund = await cashier.refunds(payment, 300_00 - quote.covered.minor, confirmed=True)
    assert (refund.credits_taken, refund.credits_uncollected) == (0, 2000)
    assert await cashier.balance(anna) == 0
    await cashier.is_sound()


async def test_only_the_payments_own_credits_are_taken(cashier: Cashier) -> None:
    anna = await cashier.customer()
    first = await cashier.pays(anna)
    await cashier.pays(anna, 200_00)
    await spend(cashier, anna, 3000)  # of the first one: it is the older
    refund = await cashier.refunds(first, 300_00, confirmed=True)
    assert (refund.credits_taken, refund.credits_uncollected) == (0, 3000)
    assert await cashier.balance(anna) == 2000


async def test_credits_that_have_expired_cannot_be_taken(cashier: Cashier) -> None:
    packages = Packages(cashier.db, cashier.clock, Staff((OWNER,)), discount_of)
    offer = PackageOffer(title={"ru": "День", "en": "Day"}, credits=1000, price=rub(100_00), valid_days=1)
    package = await packages.create(offer, actor=Actor.system())
    payment = await cashier.pays(await cashier.customer(), None, package_id=package.id)
    cashier.clock.advance(days=1)
    with pytest.raises(RefundNeedsConfirmation):
        await cashier.refunds(payment, 100_00)
    refund = await cashier.refunds(payment, 100_00, confirmed=True)
    assert (refund.credits_taken, refund.credits_uncollected) == (0, 1000)
    await cashier.is_sound()


async def test_what_is_under_way_counts(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.pays(anna)
    cashier.yookassa.refunds_wait = True
    first = await cashier.refunds(payment, 200_00)
    assert first.status is RefundStatus.PENDING
    with pytest.raises(RefundTooLarge) as refused:
        await cashier.refunds(payment, 100_01)
    assert refused.value.rest == rub(100_00)
    await spend(cashier, anna, 500)
    with pytest.raises(RefundNeedsConfirmation) as asked:
        await cashier.refunds(payment, 100_00)
    assert (asked.value.due, asked.value.held) == (1000, 500)
    second = await cashier.refunds(payment, 50_00)
    for refund in (second, first):  # in another order than they began
        cashier.yookassa.finish_refund(refund.provider_refund_id or "", "succeeded")
        await cashier.notified()
    taken = {refund.id: refund.credits_taken for refund in await cashier.payments.refunds(payment.id)}
    assert taken == {first.id: 2000, second.id: 500}
    assert await cashier.balance(anna) == 0
    await cashier.is_sound()


async def test_two_refunds_of_all_at_the_same_moment(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.pays(anna)
    results = await asyncio.gather(*(cashier.refunds(payment, 300_00) for _ in range(5)), return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert sum(isinstance(result, AlreadyRefunded) for result in results) == 4
    assert len(cashier.yookassa.refunds) == 1
    await cashier.is_sound()


async def test_one_decision_is_one_refund(cashier: Cashier) -> None:
    payment = await cashier.pays(await cashier.customer())
    wish = RefundRequest(id=uuid4(), payment_id=payment.id, amount=rub(100_00), actor=await cashier.owner())
    refunds = await asyncio.gather(*(cashier.till.refunds.start(wish) for _ in range(5)))
    assert {refund.id for refund in refunds} == {wish.id}
    assert len(cashier.yookassa.refunds) == 1
    assert (await cashier.till.refunds.start(wish)).credits_taken == 1000


async def test_what_cannot_be_refunded(quick: Cashier) -> None:
    payment = await quick.begins(await quick.customer())
    with pytest.raises(NotRefundable):
        await quick.refunds(payment, 100)
    with pytest.raises(NotRefundable):
        await quick.till.refunds.quote(payment.id)
    quick.yookassa.pay(payment.provider_payment_id or "")
    await quick.notified()
    for kopecks in (0, -100, 300_01):
        with pytest.raises(RefundTooLarge):
            await quick.refunds(payment, kopecks)
    with pytest.raises(PaymentNotFound):
        await quick.till.refunds.quote(uuid4())
    with pytest.raises(PaymentNotFound):
        await quick.till.refunds.start(
            RefundRequest(id=uuid4(), payment_id=uuid4(), amount=rub(1), actor=await quick.owner())
        )


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LOST_ANSWER, Fault.CRASH, Fault.CRASH_AFTER])
async def test_a_lost_refund_is_repeated_with_its_key(cashier: Cashier, fault: Fault) -> None:
    anna = await cashier.customer()
    payment = await cashier.pays(anna)
    cashier.yookassa.faults.append(fault)
    with pytest.raises((ResultUnknown, Crash)):
        await cashier.refunds(payment, 100_00)
    cashier.restart()
    cashier.clock.advance(minutes=1)
    [ended] = (await cashier.till.reconciler.round()).refunds
    assert (ended.status, ended.credits_taken) == (RefundStatus.SUCCEEDED, 1000)
    assert len(cashier.yookassa.refunds) == 1
    await cashier.notified()
    assert await cashier.balance(anna) == 2000
    assert len(await cashier.notifications("refund")) == 1
    await cashier.is_sound()


async def test_a_notification_that_overtakes_the_refunds_answer(cashier: Cashier) -> None:
    payment = await cashier.pays(await cashier.customer())
    await cashier.notified()
    cashier.yookassa.faults.append(Fault.LOST_ANSWER)
    with pytest.raises(ResultUnknown):
        await cashier.refunds(payment, 100_00)
    await cashier.notified()
    [refund] = await cashier.payments.refunds(payment.id)
    assert (refund.status, refund.actor_user_id) == (RefundStatus.SUCCEEDED, (await cashier.owner()).user_id)


async def test_a_key_that_is_not_taken_cancels_a_new_refund_only(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    payment = await quick.pays(await quick.customer())
    quick.yookassa.faults.append(Fault.KEY)
    with pytest.raises(NotAuthorized):
        await quick.refunds(payment, 100_00)
    [refund] = await quick.payments.refunds(payment.id)
    assert (refund.status, refund.cancel_reason) == (RefundStatus.CANCELED, "invalid_credentials")
    assert (refund.reason, await quick.problems()) == ("asked for it", ["not_authorized"])
    wish = RefundRequest(id=uuid4(), payment_id=payment.id, amount=rub(100_00), actor=await quick.owner())
    for fault, error in ((Fault.LOST_ANSWER, ResultUnknown), (Fault.KEY, NotAuthorized)):
        quick.yookassa.faults.append(fault)
        with pytest.raises(error):
            await quick.till.refunds.start(wish)
    assert (await quick.till.refunds.start(wish)).status is RefundStatus.SUCCEEDED


async def test_a_refund_of_which_nothing_was_heard_for_a_day(cashier: Cashier) -> None:
    """YooKassa's list tells which was made; one that it keeps to itself shows in what was sent back in all."""
    await cashier.customer(telegram_id=OWNER)
    anna = await cashier.customer()
    payments = [await cashier.pays(anna) for _ in range(3)]
    for payment, fault in zip(payments, (Fault.LOST, Fault.LOST_ANSWER, Fault.LOST_ANSWER), strict=True):
        cashier.yookassa.faults.append(fault)
        with pytest.raises(ResultUnknown):
            await cashier.refunds(payment, 100_00)
    cashier.clock.advance(hours=25)
    hidden, unlisted = list(cashier.yookassa.refunds.items())[1]
    del cashier.yookassa.refunds[hidden]
    for _ in range(2):
        await cashier.till.reconciler.round()
    [never], [made], [unheard] = [await cashier.payments.refunds(payment.id) for payment in payments]
    assert (never.status, never.cancel_reason) == (RefundStatus.CANCELED, "no_answer")
    assert (made.status, unheard.status) == (RefundStatus.SUCCEEDED, RefundStatus.PENDING)
    assert sorted(await cashier.problems()) == ["refund_failed", "refund_unknown"]
    cashier.yookassa.refunds[hidden] = unlisted
    await cashier.notified()  # in the end YooKassa's own word comes through
    assert [refund.status for refund in await cashier.payments.refunds(payments[2].id)] == [RefundStatus.SUCCEEDED]
    assert await cashier.balance(anna) == 7000
    await cashier.is_sound()


async def test_a_refund_that_is_refused_later(cashier: Cashier) -> None:
    await cashier.customer(telegram_id=OWNER)
    anna = await cashier.customer()
    payment = await cashier.pays(anna)
    cashier.yookassa.refunds_wait = True
    refund = await cashier.refunds(payment, 300_00)
    cashier.yookassa.finish_refund(refund.provider_refund_id or "", "canceled", "rejected_by_payee")
    cashier.clock.advance(minutes=1)
    [ended] = (await cashier.till.reconciler.round()).refunds
    assert (ended.status, ended.cancel_reason) == (RefundStatus.CANCELED, "rejected_by_payee")
    assert await cashier.balance(anna) == 3000
    assert await cashier.problems() == ["refund_failed"]
    cashier.yookassa.refunds_wait = False
    assert (await cashier.refunds(payment, 300_00)).status is RefundStatus.SUCCEEDED


async def test_a_refund_that_is_refused_at_once(quick: Cashier) -> None:
    payment = await quick.pays(await quick.customer())
    quick.yookassa.refund_in_cabinet(payment.provider_payment_id or "", 250_00)
    quick.yookassa.notifications.clear()  # nobody told us
    with pytest.raises(Refused):
        await quick.refunds(payment, 100_00)
    assert [refund.status for refund in await quick.payments.refunds(payment.id)] == [RefundStatus.CANCELED]
    assert await quick.problems() == []


async def test_a_refund_made_in_the_cabinet(cashier: Cashier) -> None:
    await cashier.customer(telegram_id=OWNER)
    anna = await cashier.customer()
    payment = await cashier.pays(anna)
    await spend(cashier, anna, 2500)
    await cashier.notified()
    cashier.yookassa.refund_in_cabinet(payment.provider_payment_id or "", 100_00)
    for _ in range(2):
        event, refund_id = cashier.yookassa.notifications[-1]
        await asyncio.gather(*(cashier.delivers(event, refund_id) for _ in range(5)))
        await cashier.till.events.handle_due()
    [refund] = await cashier.payments.refunds(payment.id)
    assert (refund.status, refund.actor_user_id) == (RefundStatus.SUCCEEDED, None)
    assert (refund.credits_taken, refund.credits_uncollected) == (500, 500)
    assert await cashier.problems() == ["uncollected"]
    with pytest.raises(RefundTooLarge):
        await cashier.refunds(payment, 200_01)
    await cashier.is_sound()


async def test_a_refund_is_heard_of_before_its_payment(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.begins(anna)
    remote_id = payment.provider_payment_id or ""
    cashier.yookassa.pay(remote_id)
    refund_id = cashier.yookassa.refund_in_cabinet(remote_id, 100_00)
    await cashier.delivers("refund.succeeded", refund_id)
    await cashier.till.events.handle_due()
    assert await cashier.credited(payment.id) == [3000]
    assert await cashier.balance(anna) == 2000
    await cashier.is_sound()


async def test_a_forged_refund_takes_nothing(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.pays(anna)
    cashier.yookassa.refunds_wait = True
    refund_id = cashier.yookassa.refund_in_cabinet(payment.provider_payment_id or "", 100_00)
    for forged in (refund_id, str(uuid4()), payment.provider_payment_id or ""):
        await cashier.delivers("refund.succeeded", forged)
    await cashier.till.events.handle_due()
    assert await cashier.balance(anna) == 3000
    assert await cashier.payments.refunds(payment.id) == []


async def test_a_refund_that_differs_from_our_books(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    anna = await quick.customer()
    payment = await quick.pays(anna)
    quick.yookassa.refunds_wait = True
    refund = await quick.refunds(payment, 100_00)
    remote_id = refund.provider_refund_id or ""
    quick.yookassa.refunds[remote_id] = replace(
        quick.yookassa.refunds[remote_id], status="succeeded", amount=rub(50_00)
    )
    for _ in range(3):
        quick.clock.advance(days=1)
        await quick.till.reconciler.round()
    assert await quick.balance(anna) == 3000
    assert await quick.problems() == ["refund_mismatch"]
    assert (await quick.payments.refunds(payment.id))[0].status is RefundStatus.PENDING


async def test_nobody_is_told_of_expiry_twice(cashier: Cashier) -> None:
    packages, reminders = (
        Packages(cashier.db, cashier.clock, Staff((OWNER,)), discount_of),
        Reminders(cashier.db, cashier.clock),
    )
    offer = PackageOffer(title={"ru": "Десять", "en": "Ten"}, credits=1000, price=rub(100_00), valid_days=10)
    package = await packages.create(offer, actor=Actor.system())
    anna = await cashier.customer()
    await cashier.pays(anna, None, package_id=package.id)
    await cashier.pays(anna)  # never expires
    cashier.clock.advance(days=6, hours=23)
    assert await reminders.tell_expiring() == 0
    cashier.clock.advance(hours=2)
    assert await reminders.tell_expiring() == 1
    assert await reminders.tell_expiring() == 0
    [notification] = await cashier.notifications("credits_expire")
    left = await reminders.lot(notification["lot_id"])
    assert left is not None
    assert left.remaining == 1000
    cashier.clock.now += timedelta(days=3)
    assert await reminders.lot(notification["lot_id"]) is None


async def test_money_in_and_out_at_once_does_not_deadlock(postgres_database: Database, clock: FakeClock) -> None:
    """Payments, refunds and sales of one user lock in one order: else PostgreSQL would kill some of them."""
    cashier = open_cashier(postgres_database, clock)
    anna = await cashier.customer()
    paid = [await cashier.pays(anna) for _ in range(8)]
    begun = [await cashier.begins(anna) for _ in range(8)]
    for payment in begun:
        cashier.yookassa.pay(payment.provider_payment_id or "")
    await asyncio.gather(
        *(cashier.till.settlement.check(payment) for payment in begun * 2),
        *(cashier.refunds(payment, 100_00, confirmed=True) for payment in paid * 2),
        *(spend(cashier, anna, 100) for _ in range(16)),
        cashier.notified(),
    )
    await cashier.notified()
    deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert await cashier.db.read(lambda session: session.execute(deadlocks).scalar()) == 0
    await cashier.is_sound()
