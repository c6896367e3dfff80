"""What a saved card is charged is what its owner agreed to, whatever they and the shop change meanwhile."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from db.base import table_of
from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from db.tables.plans import PaymentMethod
from services.features import PlanShelf
from services.money import Money, rub
from services.payments.queries import PaymentView
from services.plans.manage import PlanManagement
from services.plans.plan_offer import PlanOffer
from services.plans.plans import Plans
from services.users.roles import Staff
from tests.support.plans import PlanShop
from tests.support.tills import OWNER

PRO, PLUS = rub(90_000), rub(30_000)


async def test_canceling_takes_a_chosen_plan_back_and_resuming_agrees_to_the_present_one(quick: PlanShop) -> None:
    anna, _, plus = await subscribes(quick)
    await quick.subscriptions.schedule(anna, plus)
    assert await agreed(quick) == PLUS
    await quick.subscriptions.cancel(anna)
    await quick.subscriptions.resume(anna)
    assert await agreed(quick) == await will_pay(quick, anna) == PRO
    await quick.lives(days=31)
    assert (await quick.of(anna)).price == await agreed(quick) == PRO


async def test_nothing_is_agreed_to_where_nothing_is_charged(quick: PlanShop) -> None:
    """Who has cancelled and then chooses a cheaper plan pays for it by hand, and agreed to no charge."""
    anna, _, plus = await subscribes(quick)
    await quick.subscriptions.cancel(anna)
    await quick.subscriptions.schedule(anna, plus)
    assert await agreed(quick) == PRO, "as it was shown"
    await quick.lives(days=35)
    assert quick.charged == ["succeeded"], "the first one alone"


async def test_who_resumes_agrees_to_the_plan_that_was_chosen(quick: PlanShop) -> None:
    anna, _, plus = await subscribes(quick)
    await quick.subscriptions.cancel(anna)
    await quick.subscriptions.schedule(anna, plus)
    await quick.subscriptions.resume(anna)
    assert await agreed(quick) == await will_pay(quick, anna) == PLUS


async def test_a_lower_price_agreed_while_a_charge_is_under_way_counts_from_the_next_one(quick: PlanShop) -> None:
    anna, pro, _ = await subscribes(quick)
    charge = await charge_under_way(quick, anna)
    await new_price(quick, pro, rub(70_000))
    await quick.subscriptions.agree(anna, rub(70_000))
    await is_paid(quick, charge)
    assert await agreed(quick) == await will_pay(quick, anna) == rub(70_000)
    await quick.cashier.is_sound()


async def test_who_takes_a_choice_back_while_it_is_being_charged_has_it_for_a_period(quick: PlanShop) -> None:
    anna, _, plus = await subscribes(quick)
    await quick.subscriptions.schedule(anna, plus)
    charge = await charge_under_way(quick, anna)
    await quick.subscriptions.cancel(anna)
    await quick.subscriptions.resume(anna)
    await is_paid(quick, charge)
    now = await quick.of(anna)
    assert (now.last_plan.name, now.next_plan.name) == ("plus", "pro")
    assert await agreed(quick) == await will_pay(quick, anna) == PRO
    await quick.cashier.is_sound()


async def test_a_lower_price_is_not_lost_by_paying_at_an_old_page(quick: PlanShop) -> None:
    anna, pro, _ = await subscribes(quick)
    await quick.subscriptions.cancel(anna)
    page = await quick.begins(anna, pro, consent=False)
    await new_price(quick, pro, rub(70_000))
    await quick.subscriptions.agree(anna, rub(70_000))
    await quick.pays(page)
    assert (await quick.of(anna)).price == rub(70_000)


async def test_a_refund_of_the_chosen_plan_leaves_the_former_one_to_be_renewed(quick: PlanShop) -> None:
    anna, _, plus = await subscribes(quick)
    await quick.subscriptions.schedule(anna, plus)
    charge = await charge_under_way(quick, anna)
    await is_paid(quick, charge)
    assert await agreed(quick) == await will_pay(quick, anna) == PLUS
    await quick.cashier.refunds(charge, 30_000)
    await quick.subscriptions.resume(anna)
    assert await agreed(quick) == await will_pay(quick, anna) == PRO


async def subscribes(shop: PlanShop) -> tuple[int, int, int]:
    """To pro; she, pro and plus."""
    anna, plus, pro = await shop.cashier.customer(), await shop.sells(), await shop.sells("pro", kopecks=90_000)
    await shop.subscribes(anna, pro)
    return anna, pro, plus


async def charge_under_way(shop: PlanShop, user_id: int) -> PaymentView:
    """Of her card, for the next period."""
    shop.yookassa.charges_wait = True
    ends_at = (await shop.of(user_id)).ends_at
    await shop.jumps_to(ends_at - timedelta(hours=24))
    await shop.jumps_to(ends_at - timedelta(hours=12))
    (latest, *_) = (await shop.cashier.payments.of_user(user_id)).items
    assert latest.is_open
    assert latest.method_id is not None
    return latest


async def is_paid(shop: PlanShop, charge: PaymentView) -> None:
    shop.yookassa.finish_charge(shop.yookassa.by_our_id(charge.id).id)
    assert (await shop.cashier.till.settlement.ask(charge.id)).status == PaymentStatus.SUCCEEDED


async def new_price(shop: PlanShop, plan_id: int, price: Money) -> None:
    db = shop.cashier.db
    offer = PlanOffer.of(await Plans(db, PlanShelf()).get(plan_id))
    manage, owner = PlanManagement(db, shop.clock, Staff((OWNER,))), await shop.cashier.owner()
    await manage.edit(plan_id, replace(offer, prices={Currency.RUB: price}), actor=owner)


async def will_pay(shop: PlanShop, user_id: int) -> Money:
    charge = (await shop.of(user_id)).next_charge
    assert charge is not None
    return charge[0]


async def agreed(shop: PlanShop) -> Money:
    """What the words say that are kept for the only card."""
    consent = await shop.cashier.db.read(lambda s: s.scalars(select(table_of(PaymentMethod).c.consent)).one())
    return Money(consent["amount"], Currency(consent["currency"]))
