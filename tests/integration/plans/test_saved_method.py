"""A saved card is charged when its owner presses a button for that."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from db.tables.payments import PaymentStatus
from db.tables.plans import MethodState, SubscriptionStatus
from services.payments.providers.base import ResultUnknown
from services.payments.queries import PaymentView
from services.plans.checkout import PlanWay
from services.plans.methods import MethodGone, MethodView
from services.plans.reports import PlanReports
from services.plans.saved import ChargeUnderWay
from tests.support.faults import Crash, Fault
from tests.support.plans import PlanShop, end_plans
from tests.support.tills import checkout_of


async def way_of(shop: PlanShop, user_id: int, plan_id: int) -> PlanWay:
    (way,) = await checkout_of(shop.cashier.till).ways(user_id, plan_id)
    return way


async def saved_of(shop: PlanShop, user_id: int, plan_id: int) -> MethodView:
    saved = (await way_of(shop, user_id, plan_id)).saved
    assert saved is not None
    return saved


async def presses(
    shop: PlanShop, user_id: int, plan_id: int, **more: Any
) -> PaymentView:  # Any: as `PlanOrder` takes it
    saved = await saved_of(shop, user_id, plan_id)
    return await shop.begins(user_id, plan_id, method_id=saved.id, **more)


async def presses_in_vain(shop: PlanShop, fault: Fault) -> int:
    """Anna has a plan and presses for a dearer one; what came of it she is not told. Her number."""
    anna = await shop.cashier.customer()
    plus, pro = await shop.sells(), await shop.sells("pro", kopecks=90_000)
    await shop.subscribes(anna, plus)
    shop.yookassa.faults.append(fault)
    with pytest.raises(ResultUnknown):
        await presses(shop, anna, pro)
    return anna


async def consent_of(shop: PlanShop, user_id: int) -> list[int]:
    """What is agreed now, and what was before, in kopecks."""
    (method,) = await shop.methods.of(user_id)
    return [each["amount"] for each in (method.consent, *method.consent.get("earlier", []))]


async def test_a_dearer_plan_is_paid_in_one_tap(shop: PlanShop) -> None:
    anna = await shop.cashier.customer()
    plus, pro = await shop.sells(credits=100_00), await shop.sells("pro", kopecks=90_000, credits=400_00)
    await shop.subscribes(anna, plus)
    paid = await presses(shop, anna, pro)
    now = await shop.of(anna)
    assert (paid.status, now.plan.name, now.auto_renew) == (PaymentStatus.SUCCEEDED, "pro", True)
    assert await consent_of(shop, anna) == [90_000, 30_000]
    assert [each["fact"] for each in await shop.cashier.notifications("payment")] == ["succeeded"] * 2
    bought = await shop.subscriptions.bought_by(paid)
    assert bought is not None
    assert not bought.by_itself
    await shop.lives(days=31)
    assert (await shop.of(anna)).number == 2, "the same card is charged for the next period"
    assert shop.charged == ["succeeded"] * 3
    await shop.cashier.is_sound()


async def test_what_is_declined_changes_nothing(quick: PlanShop) -> None:
    """But for the card that is refused for good."""
    anna = await quick.cashier.customer()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    before = await quick.subscribes(anna, plus)
    quick.yookassa.declines.append("insufficient_funds")
    declined = await presses(quick, anna, pro)
    assert (declined.status, declined.cancel_reason) == (PaymentStatus.CANCELED, "insufficient_funds")
    assert await quick.of(anna) == before
    assert await consent_of(quick, anna) == [30_000]
    reports = PlanReports(quick.cashier.db, quick.clock)
    assert (await reports.failed()).items == [], "it was no renewal"
    quick.yookassa.declines.append("card_expired")
    await presses(quick, anna, pro)
    now = await quick.of(anna)
    assert (now.plan.name, now.auto_renew, now.next_charge) == ("plus", False, None)
    assert now.method is not None
    assert now.method.state is MethodState.REFUSED
    assert [(each["fact"], each["reason"]) for each in await quick.news()] == [("autopay_off", "refused")]
    assert (await way_of(quick, anna, pro)).saved is None
    await quick.cashier.is_sound()


async def test_banks_are_asked_twice_a_day_at_most(quick: PlanShop) -> None:
    anna = await quick.cashier.customer()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    await quick.subscribes(anna, plus)
    quick.yookassa.declines.extend(["insufficient_funds"] * 2)
    for _ in range(2):
        await presses(quick, anna, pro)
    assert (await way_of(quick, anna, pro)).saved is None
    quick.clock.advance(hours=25)
    assert (await presses(quick, anna, pro)).status is PaymentStatus.SUCCEEDED


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LOST_ANSWER])
async def test_an_answer_that_is_lost_is_asked_for(quick: PlanShop, fault: Fault) -> None:
    """Neither another tap nor another way of paying makes a second charge meanwhile."""
    anna, one = await quick.cashier.customer(), uuid4()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    await quick.subscribes(anna, plus)
    quick.yookassa.faults.append(fault)
    with pytest.raises(ResultUnknown):
        await presses(quick, anna, pro, id=one)
    with pytest.raises(ChargeUnderWay):
        await presses(quick, anna, pro)
    with pytest.raises(ChargeUnderWay):
        await quick.begins(anna, pro)
    quick.clock.advance(minutes=2)
    await quick.cashier.till.settlement.check_due()
    assert (await quick.of(anna)).plan.name == "pro"
    assert quick.charged == ["succeeded"] * 2
    assert [each["fact"] for each in await quick.cashier.notifications("payment")] == ["succeeded"] * 2
    await quick.cashier.is_sound()


@pytest.mark.parametrize("fault", [Fault.CRASH, Fault.CRASH_AFTER])
async def test_a_process_that_dies_charges_once(shop: PlanShop, fault: Fault) -> None:
    anna, one = await shop.cashier.customer(), uuid4()
    plus, pro = await shop.sells(), await shop.sells("pro", kopecks=90_000)
    await shop.subscribes(anna, plus)
    method = await saved_of(shop, anna, pro)
    shop.yookassa.faults.append(fault)
    with pytest.raises(Crash):
        await shop.begins(anna, pro, method_id=method.id, id=one)
    shop.cashier.restart()
    again = await shop.begins(anna, pro, method_id=method.id, id=one)
    assert again.status is PaymentStatus.SUCCEEDED
    assert shop.charged == ["succeeded"] * 2
    await shop.cashier.is_sound()


async def test_two_taps_at_once_are_one_charge(shop: PlanShop) -> None:
    anna, one = await shop.cashier.customer(), uuid4()
    plus, pro = await shop.sells(), await shop.sells("pro", kopecks=90_000)
    await shop.subscribes(anna, plus)
    method = await saved_of(shop, anna, pro)
    taps = (shop.begins(anna, pro, method_id=method.id, id=each) for each in (one, one, uuid4()))
    done = await asyncio.gather(*taps, return_exceptions=True)
    assert shop.charged == ["succeeded"] * 2, done
    await shop.cashier.is_sound()


async def test_a_card_that_is_taken_back_meanwhile_is_not_charged(quick: PlanShop) -> None:
    anna, bob = await quick.cashier.customer(), await quick.cashier.customer()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    await quick.subscribes(anna, plus)
    method = await saved_of(quick, anna, pro)
    with pytest.raises(MethodGone):
        await quick.begins(bob, pro, method_id=method.id)
    quick.yookassa.faults.append(Fault.LOST)
    with pytest.raises(ResultUnknown):
        await quick.begins(anna, pro, method_id=method.id)
    await quick.methods.unlink(anna, method.id)
    quick.clock.advance(minutes=2)
    await quick.cashier.till.settlement.check_due()
    assert quick.charged == ["succeeded"]
    facts = [each["fact"] for each in await quick.cashier.notifications("payment")]
    assert facts == ["succeeded", "canceled"], "she is told that it did not go through"


async def test_a_plan_that_is_cancelled_meanwhile_is_not_charged(quick: PlanShop) -> None:
    anna = await presses_in_vain(quick, Fault.LOST)
    quick.clock.advance(minutes=1)
    await quick.subscriptions.cancel(anna)
    await quick.lives(hours=5)
    now = await quick.of(anna)
    assert quick.charged == ["succeeded"]
    assert (now.plan.name, now.auto_renew, now.cancel_at_period_end) == ("plus", False, True)
    await quick.cashier.is_sound()


async def test_what_was_charged_before_the_plan_was_cancelled_is_not_renewed(quick: PlanShop) -> None:
    """The answer was lost, not the charge."""
    anna = await presses_in_vain(quick, Fault.LOST_ANSWER)
    quick.clock.advance(minutes=1)
    await quick.subscriptions.cancel(anna)
    await quick.lives(hours=5)
    now = await quick.of(anna)
    assert (now.auto_renew, now.cancel_at_period_end) == (False, True)
    await quick.lives(days=40)
    assert quick.charged.count("succeeded") <= 2
    await quick.cashier.is_sound()


async def test_the_old_plan_is_not_renewed_while_a_dearer_one_is_charged(quick: PlanShop) -> None:
    """The bank takes its time over the end of the period."""
    anna = await quick.cashier.customer()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    before = await quick.subscribes(anna, plus)
    await quick.jumps_to(before.ends_at - timedelta(hours=26))
    quick.yookassa.charges_wait = True
    pressed = await presses(quick, anna, pro)
    quick.yookassa.charges_wait = False
    await quick.jumps_to(before.ends_at + timedelta(hours=1))
    assert len(quick.charged) == 2, quick.charged
    quick.yookassa.finish_charge(quick.yookassa.by_our_id(pressed.id).id)
    await quick.lives(hours=3)
    assert (await quick.of(anna)).plan.name == "pro"
    await quick.cashier.is_sound()


async def test_what_has_changed_meanwhile_is_not_charged_for(quick: PlanShop) -> None:
    anna = await presses_in_vain(quick, Fault.LOST)
    await quick.cashier.db.write(end_plans)
    quick.clock.advance(minutes=2)
    await quick.cashier.till.settlement.check_due()
    assert quick.charged == ["succeeded"]
    assert (await quick.of(anna)).plan.name == "plus"


async def test_the_next_period_of_a_plan_that_is_past_due(shop: PlanShop) -> None:
    """After a decline, with the card that has money again."""
    anna, plus = await shop.cashier.customer(), await shop.sells()
    begun = await shop.subscribes(anna, plus)
    shop.yookassa.declines.append("3d_secure_failed")
    await shop.jumps_to(begun.ends_at + timedelta(hours=1))
    await shop.lives(hours=12)
    assert (await shop.of(anna)).status is SubscriptionStatus.PAST_DUE
    way = await way_of(shop, anna, plus)
    assert way.renews
    paid = await presses(shop, anna, plus)
    now = await shop.of(anna)
    assert (paid.status, now.status, now.number) == (PaymentStatus.SUCCEEDED, SubscriptionStatus.ACTIVE, 2)
    assert (now.auto_renew, now.decline_reason, now.starts_at) == (True, None, shop.clock())
    await shop.cashier.is_sound()


async def test_who_let_a_plan_end_begins_again_with_the_same_card(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    await quick.subscribes(anna, plus)
    await quick.subscriptions.cancel(anna)
    await quick.lives(days=40)
    assert await quick.subscriptions.of(anna) is None
    assert (await presses(quick, anna, plus)).status is PaymentStatus.SUCCEEDED
    await quick.lives(days=31)
    assert (await quick.of(anna)).number == 2
    await quick.cashier.is_sound()


@pytest.mark.parametrize(("reason", "told"), [(None, "succeeded"), ("insufficient_funds", "canceled")])
async def test_a_bank_that_takes_its_time(quick: PlanShop, reason: str | None, told: str) -> None:
    """What comes of it comes as news; until then nothing has changed."""
    anna = await quick.cashier.customer()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    before = await quick.subscribes(anna, plus)
    quick.yookassa.charges_wait = True
    waits = await presses(quick, anna, pro)
    assert (waits.is_open, await quick.of(anna)) == (True, before)
    quick.yookassa.declines.append(reason)
    quick.yookassa.finish_charge(quick.yookassa.by_our_id(waits.id).id)
    quick.clock.advance(minutes=2)
    await quick.cashier.till.settlement.check_due()
    assert [each["fact"] for each in await quick.cashier.notifications("payment")] == ["succeeded", told]
    assert (await quick.of(anna)).plan.name == ("plus" if reason else "pro")
    await quick.cashier.is_sound()


async def test_of_two_cards_that_which_was_agreed_to_last(quick: PlanShop) -> None:
    anna = await quick.cashier.customer()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    most = await quick.sells("most", kopecks=180_000)
    old = (await quick.subscribes(anna, plus)).method
    quick.clock.advance(minutes=1)
    new = (await quick.subscribes(anna, pro)).method
    assert old is not None
    assert new is not None
    assert (await saved_of(quick, anna, most)).id == new.id
    await quick.methods.unlink(anna, new.id)
    assert (await saved_of(quick, anna, most)).id == old.id
    await presses(quick, anna, most)
    now = await quick.of(anna)
    assert now.method is not None
    assert (now.method.id, now.auto_renew) == (old.id, True)
    await quick.cashier.is_sound()
