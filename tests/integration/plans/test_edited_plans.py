"""What owners may change of a plan that somebody has, and what not."""

from dataclasses import replace
from typing import Any

import pytest

from db.engine import Database
from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit
from services.money import rub
from services.plans.manage import PlanManagement, PlanSold
from services.plans.plan_offer import BadPlan, PlanOffer
from services.plans.plans import AllowanceView, OtherTerms, PlanView, find_plan
from services.plans.promised import GivesLess
from services.users.roles import Staff
from tests.support.clock import FakeClock
from tests.support.plans import PlanShop
from tests.support.star_plans import open_star_shop
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


HUNDRED = AllowanceView(unit=AllowanceUnit.REQUESTS, amount=100, slugs=("wine",))


@pytest.mark.parametrize(
    ("less", "field"),
    [
        ({"credits": 999}, "credits"),
        ({"discount_percent": 0}, "discount_percent"),
        ({"allowances": ()}, "allowances"),
        ({"allowances": (replace(HUNDRED, amount=99),)}, "allowances"),
        ({"allowances": (replace(HUNDRED, slugs=("digit",)),)}, "allowances"),
        ({"allowances": (replace(HUNDRED, unit=AllowanceUnit.TOKENS),)}, "allowances"),
    ],
)
async def test_who_pays_the_old_price_has_no_less_for_it(quick: PlanShop, less: dict[str, Any], field: str) -> None:
    given = [(AllowanceUnit.REQUESTS, 100, ["wine"])]
    anna, plus = await quick.cashier.customer(), await quick.sells(credits=1000, discount_percent=10, allowances=given)
    page = await quick.begins(anna, plus)
    with pytest.raises(GivesLess) as refused:
        await changes(quick, plus, **less)
    assert refused.value.params["field"] == field
    await quick.pays(page)
    with pytest.raises(GivesLess):
        await changes(quick, plus, **less)
    await quick.lives(days=40)
    await quick.subscriptions.cancel(anna)
    await quick.lives(days=40)
    await changes(quick, plus, **less)  # nobody pays for it any more


async def test_allowances_may_be_told_in_any_order(quick: PlanShop) -> None:
    """That of all models also gives as much as the one of a single model, and is needed for itself."""
    anna = await quick.cashier.customer()
    plus = await quick.sells(allowances=[(AllowanceUnit.REQUESTS, 10, ["wine"]), (AllowanceUnit.REQUESTS, 100, [])])
    await quick.subscribes(anna, plus)
    wine, every = (await quick.cashier.db.read(find_plan, plus)).allowances
    assert (await changes(quick, plus, allowances=(every, wine))).allowances == (every, wine)
    with pytest.raises(GivesLess):
        await changes(quick, plus, allowances=(every, replace(wine, amount=9)))


async def test_more_is_for_everybody_from_the_next_period_on(quick: PlanShop) -> None:
    given = [(AllowanceUnit.REQUESTS, 100, ["wine"])]
    anna, plus = await quick.cashier.customer(), await quick.sells(credits=1000, allowances=given)
    await quick.subscribes(anna, plus)
    await changes(quick, plus, credits=2000, allowances=(replace(HUNDRED, amount=200, slugs=("digit", "wine")),))
    mine = await quick.of(anna)
    assert (mine.credits, [each.amount for each in mine.allowances]) == (1000, [100])
    await quick.lives(days=32)
    mine = await quick.of(anna)
    assert (mine.number, mine.credits, [each.amount for each in mine.allowances]) == (2, 2000, [200])


async def test_the_same_where_telegram_charges(sqlite_database: Database, clock: FakeClock) -> None:
    shop = await open_star_shop(sqlite_database, clock)
    first = await shop.begins()
    await shop.pays(first)
    await changes(shop.shop, shop.plus, credits=2000)
    await shop.shop.lives(days=30)
    await shop.pays(first, again=True)
    mine = await shop.shop.of(shop.anna)
    assert (mine.number, mine.credits, mine.price) == (2, 2000, first.amount)
    await shop.shop.cashier.is_sound()


async def test_nobody_pays_for_less_than_they_saw(quick: PlanShop) -> None:
    given = [(AllowanceUnit.REQUESTS, 100, ["wine"])]
    anna, plus = await quick.cashier.customer(), await quick.sells(credits=1000, allowances=given)
    seen = await quick.cashier.db.read(find_plan, plus)
    await changes(quick, plus, title={"ru": "Плюс", "en": "Plus"})
    await quick.begins(anna, plus, terms=seen.terms)
    boris, pro = await quick.cashier.customer(), await quick.sells("pro", credits=1000, allowances=given)
    for less in ({"allowances": ()}, {"credits": 0}, {"months": 3}):
        seen = await quick.cashier.db.read(find_plan, pro)
        await changes(quick, pro, **less)
        with pytest.raises(OtherTerms):
            await quick.begins(boris, pro, terms=seen.terms)


@pytest.mark.parametrize("unkept", ["a\x00b", "a\ud800b"])
async def test_what_no_database_keeps_is_no_description(shop: PlanShop, unkept: str) -> None:
    plus = await shop.sells()
    with pytest.raises(BadPlan):
        await changes(shop, plus, description={"ru": unkept})
    family = {"ru": "Для семьи \U0001f468\u200d\U0001f469\u200d\U0001f467,\nи надолго"}
    assert (await changes(shop, plus, description=family)).description == family


async def test_all_else_may_change(quick: PlanShop) -> None:
    anna, plus, new = await quick.cashier.customer(), await quick.sells(), await quick.sells("new")
    await quick.subscribes(anna, plus)
    changed = await changes(quick, plus, title={"ru": "Плюс", "en": "Plus"}, prices={Currency.RUB: rub(40_000)})
    assert changed.prices == {Currency.RUB: rub(40_000)}
    assert (await changes(quick, new, months=6)).months == 6
    assert (await changes(quick, new, is_free=True, prices={}, months=1)).is_free
    assert (await changes(quick, new, months=2)).months == 2
