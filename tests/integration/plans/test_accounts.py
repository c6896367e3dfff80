"""A subscription when two accounts become one, or its owner goes."""

from datetime import timedelta

import pytest

from db.tables.users import Edge
from services.identity.deletion_rows import delete_account
from services.identity.merging import TwoSubscriptions, look, merge_accounts
from services.plans.trials import TrialUsed
from services.users.departures import PersonKey
from services.users.roles import Staff
from tests.support.plans import PEOPLE, PlanShop
from tests.support.shop import add_outsider


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
    for round_ in range(3):
        anna = await shop.cashier.customer(telegram_id=5_000)
        assert await shop.subscriptions.had_trial(anna) is (tried and round_ > 0)
        if tried and round_ == 0:
            await shop.subscriptions.start_trial(anna, plus)
        elif tried:
            with pytest.raises(TrialUsed):
                await shop.subscriptions.start_trial(anna, plus)
        await shop.cashier.db.write(
            delete_account, anna, Staff(()), PEOPLE, seen_balance=0, edge=Edge.CHAT, now=shop.clock()
        )
