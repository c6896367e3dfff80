"""What owners may change of a plan that somebody has, and what not."""

from dataclasses import replace
from typing import Any

import pytest

from db.tables.currencies import Currency
from services.money import rub
from services.plans.manage import PlanManagement, PlanSold
from services.plans.plan_offer import PlanOffer
from services.plans.plans import PlanView, find_plan
from services.users.roles import Staff
from tests.support.plans import PlanShop
from tests.support.tills import OWNER


async def changes(shop: PlanShop, plan_id: int, **more: Any) -> PlanView:  # Any: as a PlanOffer takes it
    manage = PlanManagement(shop.cashier.db, shop.clock, Staff((OWNER,)))
    offer = PlanOffer.of(await shop.cashier.db.read(find_plan, plan_id))
    return await manage.edit(plan_id, replace(offer, **more), actor=await shop.cashier.owner())


async def test_nobody_pays_a_years_price_for_a_month(shop: PlanShop) -> None:
    """Neither who has it nor who has its page open."""
    anna, boris = await shop.cashier.customer(), await shop.cashier.customer()
    year = await shop.sells("year", kopecks=300_000, months=12)
    page = await shop.begins(boris, year)
    await shop.subscribes(anna, year)
    with pytest.raises(PlanSold):
        await changes(shop, year, months=1, prices={Currency.RUB: rub(30_000)})
    await shop.pays(page)
    for person in (anna, boris):
        (period,) = await shop.periods(person)
        assert (period.ends_at - period.starts_at).days == 365


async def test_nobody_pays_for_what_became_free(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    await quick.subscribes(anna, plus)
    with pytest.raises(PlanSold):
        await changes(quick, plus, is_free=True, prices={})


async def test_one_that_was_chosen_for_later(quick: PlanShop) -> None:
    anna, plus, pro = await quick.cashier.customer(), await quick.sells(), await quick.sells("pro", kopecks=90_000)
    await quick.subscribes(anna, pro)
    await quick.subscriptions.schedule(anna, plus)
    with pytest.raises(PlanSold):
        await changes(quick, plus, months=3)


async def test_all_else_may_change(quick: PlanShop) -> None:
    anna, plus, new = await quick.cashier.customer(), await quick.sells(), await quick.sells("new")
    await quick.subscribes(anna, plus)
    changed = await changes(quick, plus, title={"ru": "Плюс", "en": "Plus"}, prices={Currency.RUB: rub(40_000)})
    assert changed.prices == {Currency.RUB: rub(40_000)}
    assert (await changes(quick, new, months=6)).months == 6
    assert (await changes(quick, new, is_free=True, prices={}, months=1)).is_free
    assert (await changes(quick, new, months=2)).months == 2
