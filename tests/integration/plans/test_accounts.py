"""A subscription when two accounts become one, or its owner goes."""

from datetime import timedelta

import pytest

from db.tables.users import Edge
from services.identity.deletion_rows import delete_account
from services.identity.merging import TwoSubscriptions, look, merge_accounts
from services.users.departures import PersonKey
from services.users.roles import Staff
from tests.support.plans import PlanShop
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
