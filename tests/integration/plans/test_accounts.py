"""A subscription when two accounts become one, or its owner goes."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.outbox import OutboxKind, OutboxMessage
from db.tables.plans import AllowanceUnit
from db.tables.predictions import PredictionStatus
from db.tables.users import Edge
from services.identity.deletion_rows import delete_account
from services.identity.merging import TwoSubscriptions, look, merge_accounts
from services.plans.allowances import take_for_prediction
from services.plans.months import end_of_months
from services.plans.plans import find_plan
from services.plans.trials import TrialUsed
from services.users.accounts import Users, Visitor
from services.users.departures import PersonKey
from services.users.roles import Staff
from tests.support.plans import PEOPLE, PlanShop
from tests.support.shop import add_model, add_outsider, add_prediction


async def test_it_goes_over_with_its_card(shop: PlanShop) -> None:
    db, plus = shop.cashier.db, await shop.sells(credits=100_00)
    old, heir = await db.write(add_outsider), await shop.cashier.customer()
    await shop.subscribes(old, plus)
    seen = await db.read(look, old, heir)
    await db.write(merge_accounts, seen, shop.clock())
    assert [await shop.subscriptions.of(old), (await shop.of(heir)).plan.name] == [None, "plus"]
    assert [len(await shop.methods.of(each)) for each in (old, heir)] == [0, 1]
    assert [await shop.cashier.balance(each) for each in (old, heir)] == [0, 100_00]
    await shop.lives(days=31)
    assert (await shop.of(heir)).number == 2
    assert await shop.cashier.balance(heir) == 100_00
    await shop.cashier.is_sound()


async def test_its_money_goes_back_after_that(quick: PlanShop) -> None:
    """The one that is still there hears of it, and has no trial either."""
    db, plus = quick.cashier.db, await quick.sells(trial_days=7)
    old, heir = await db.write(add_outsider), await quick.cashier.customer()
    payment = await quick.begins(old, plus)
    await quick.pays(payment)
    await db.write(merge_accounts, await db.read(look, old, heir), quick.clock())
    await quick.cashier.refunds(payment, 300_00)
    rows = table_of(OutboxMessage)
    told = select(rows.c.user_id).where(rows.c.kind == OutboxKind.REFUND)
    assert await db.read(lambda session: session.scalars(told).all()) == [heir]
    assert not await quick.subscriptions.may_try(heir, await db.read(find_plan, plus))


async def test_who_had_money_back_before_that_has_no_trial_after_it(quick: PlanShop) -> None:
    db, plus = quick.cashier.db, await quick.sells(trial_days=7)
    old, heir = await db.write(add_outsider), await quick.cashier.customer()
    payment = await quick.begins(old, plus)
    await quick.pays(payment)
    await quick.cashier.refunds(payment, 300_00)
    await db.write(merge_accounts, await db.read(look, old, heir), quick.clock())
    with pytest.raises(TrialUsed):
        await quick.subscriptions.start_trial(heir, plus)


async def test_two_paid_plans_do_not_become_one(quick: PlanShop) -> None:
    db, plus = quick.cashier.db, await quick.sells()
    old, heir = await db.write(add_outsider), await quick.cashier.customer()
    for each in (old, heir):
        await quick.subscribes(each, plus)
    with pytest.raises(TwoSubscriptions):
        await db.read(look, old, heir)


async def test_who_is_gone_is_not_charged(quick: PlanShop) -> None:
    db, anna, plus = quick.cashier.db, await quick.cashier.customer(), await quick.sells(credits=10_00)
    begun = await quick.subscribes(anna, plus)
    gone = await db.write(
        delete_account, anna, Staff(()), PersonKey(), seen_balance=10_00, edge=Edge.CHAT, now=quick.clock()
    )
    assert gone
    assert await quick.methods.of(anna) == []
    await quick.jumps_to(begun.ends_at - timedelta(hours=12))
    await quick.lives(days=40)
    assert quick.charged == ["succeeded"]
    await quick.cashier.is_sound()


@pytest.mark.parametrize("tried", [True, False])
async def test_a_person_has_one_trial_whatever_became_of_their_account(shop: PlanShop, *, tried: bool) -> None:
    """Who deletes their account twice has had it still."""
    plus = await shop.sells(trial_days=7)
    plan = await shop.cashier.db.read(find_plan, plus)
    for round_ in range(3):
        anna = await shop.cashier.customer(telegram_id=5_000)
        assert await shop.subscriptions.may_try(anna, plan) is not (tried and round_ > 0)
        if tried and round_ == 0:
            await shop.subscriptions.start_trial(anna, plus)
        elif tried:
            with pytest.raises(TrialUsed):
                await shop.subscriptions.start_trial(anna, plus)
        await shop.cashier.db.write(
            delete_account, anna, Staff(()), PEOPLE, seen_balance=0, edge=Edge.CHAT, now=shop.clock()
        )


async def test_a_month_of_the_free_plan_is_had_once_whatever_became_of_the_account(quick: PlanShop) -> None:
    """And the next one comes when it would have come."""
    db, john = quick.cashier.db, Visitor(telegram_id=5_000, username=None, first_name="Джон", language="ru")
    users = Users(db, quick.clock, welcome_credits=0, people=PEOPLE)
    await quick.sells("free", kopecks=None, allowances=[(AllowanceUnit.REQUESTS, 2, [])])
    await db.write(add_model)
    served, month_ends = [], end_of_months(quick.clock(), 1, anchor_day=quick.clock().day)
    for _ in range(3):
        user_id = (await users.enter(john)).id
        served.append([await is_free(quick, user_id) for _ in range(3)])
        mine = await quick.of(user_id)
        assert ([each.left for each in mine.allowances], mine.runs_until) == ([0], month_ends)
        await db.write(delete_account, user_id, Staff(()), PEOPLE, seen_balance=0, edge=Edge.CHAT, now=quick.clock())
        quick.clock.advance(days=5)
    assert served == [[True, True, False], [False] * 3, [False] * 3]
    user_id = (await users.enter(john)).id
    quick.clock.now = month_ends
    assert [await is_free(quick, user_id) for _ in range(3)] == [True, True, False]
    await quick.cashier.is_sound()


async def is_free(shop: PlanShop, user_id: int) -> bool:
    def predict(session: Session) -> bool:
        prediction_id = add_prediction(session, user_id=user_id, price=0, status=PredictionStatus.SUCCEEDED)
        return take_for_prediction(session, user_id, "wine", prediction_id, shop.clock())

    return await shop.cashier.db.write(predict)
