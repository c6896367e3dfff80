"""Who left within thirty days, as owners see it."""

from datetime import timedelta

from db.tables.plans import AllowanceUnit
from services.plans.free import open_free
from services.plans.reports import PlanNumbers, PlanReports
from tests.support.plans import PlanShop

GIVEN = (AllowanceUnit.REQUESTS, 2, ())


async def numbers(shop: PlanShop) -> PlanNumbers:
    return await PlanReports(shop.cashier.db, shop.clock).numbers()


async def test_who_left(shop: PlanShop) -> None:
    """Anna stays, Boris leaves, Vera thinks better of it, Gleb leaves and comes back, Dina comes later, Zoya has
    what is free and Lena tries."""
    plus, _ = await shop.sells(trial_days=7), await shop.sells("free", kopecks=None, allowances=[GIVEN])
    anna, boris, vera, gleb, dina, zoya, lena = [await shop.cashier.customer() for _ in range(7)]
    for each in (anna, boris, vera, gleb):
        await shop.subscribes(each, plus)
    await shop.cashier.db.write(open_free, zoya, shop.clock())
    await shop.subscriptions.start_trial(lena, plus)
    assert ((await numbers(shop)).paying_before, (await numbers(shop)).churn) == (0, None)
    await shop.lives(days=1)
    for each in (boris, vera, gleb):
        await shop.subscriptions.cancel(each)
    await shop.lives(days=9)
    await shop.subscriptions.resume(vera)
    await shop.subscribes(dina, plus)
    assert (await numbers(shop)).left == 0
    await shop.lives(days=20, hours=1)
    await shop.cashier.db.write(open_free, boris, shop.clock())
    gone = await numbers(shop)
    assert (gone.paying_before, gone.left, gone.churn) == (4, 2, 50_00)
    await shop.subscribes(gleb, plus)
    back = await numbers(shop)
    assert (back.paying_before, back.left, back.churn) == (4, 1, 25_00)
    await shop.lives(days=30)
    later = await numbers(shop)
    assert (later.paying_before, later.left, later.churn) == (4, 0, 0)


async def test_who_does_not_pay_has_left_after_the_days_of_grace(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    ends_at = (await quick.subscribes(anna, plus, consent=False)).ends_at
    await quick.jumps_to(ends_at + timedelta(days=1))
    assert ((await numbers(quick)).paying_before, (await numbers(quick)).left) == (1, 0)
    await quick.jumps_to(ends_at + timedelta(days=4))
    assert ((await numbers(quick)).paying_before, (await numbers(quick)).left) == (1, 1)
