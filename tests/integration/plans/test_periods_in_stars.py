"""Plans in Stars, which Telegram charges by itself: nobody pays twice, or gets less than a month for a month."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.currencies import Currency
from db.tables.plans import SubscriptionStatus
from db.tables.users import User
from services.money import Money
from services.payments.providers.base import ResultUnknown
from services.payments.providers.stars.gateway import NAME
from services.payments.strays import Strays
from services.plans.offers import PriceStays
from services.plans.replacing import RestUnpriced
from services.users.roles import Staff
from tests.support.clock import FakeClock
from tests.support.faults import Fault
from tests.support.star_plans import ANNA, StarShop, costs, open_star_shop
from tests.support.stars import GONE
from tests.support.tills import OWNER, PRICING, checkout_of

MONTH = timedelta(days=30)


@pytest.fixture
async def shop(sqlite_database: Database, clock: FakeClock) -> StarShop:
    return await open_star_shop(sqlite_database, clock)


async def test_a_next_period_that_is_paid_ahead_is_a_whole_one(shop: StarShop) -> None:
    """Telegram would count its month from today, and the present period runs on."""
    await shop.pays(await shop.begins(consent=False))
    first = await shop.shop.of(shop.anna)
    shop.shop.clock.advance(days=10)
    payment = await shop.begins()
    await shop.pays(payment)
    second = (await shop.shop.periods(shop.anna))[-1]
    assert second.starts_at == first.ends_at
    assert second.ends_at - second.starts_at >= MONTH - timedelta(days=2)
    assert shop.telegram.invoices[-1].subscription is False
    await shop.shop.cashier.is_sound()


async def test_who_pays_in_the_days_of_grace_may_let_telegram_go_on(shop: StarShop) -> None:
    await shop.pays(await shop.begins(consent=False))
    await shop.shop.lives(days=32)
    assert (await shop.shop.of(shop.anna)).status is SubscriptionStatus.PAST_DUE
    await shop.pays(await shop.begins())
    again = await shop.shop.of(shop.anna)
    assert (again.status, again.auto_renew) == (SubscriptionStatus.ACTIVE, True)
    assert again.ends_at - again.starts_at == MONTH
    await shop.shop.cashier.is_sound()


@pytest.mark.parametrize("told", [False, True])
async def test_telegrams_late_charge_after_a_card_took_its_place_goes_back(shop: StarShop, *, told: bool) -> None:
    first = await shop.begins()
    await shop.pays(first)
    method = (await shop.shop.of(shop.anna)).method
    assert method is not None
    shop.shop.clock.advance(days=29)
    await shop.shop.methods.unlink(shop.anna, method.id)
    if told:
        await shop.shop.round()
    shop.shop.clock.advance(hours=25)
    card = await shop.shop.begins(shop.anna, shop.plus)
    await shop.shop.pays(card)
    shop.shop.clock.advance(days=5)
    money = await shop.pays(first, again=True)
    await shop.shop.lives(hours=1)
    assert [each.number for each in await shop.shop.periods(shop.anna)] == [1, 2]
    assert [each.id for each in shop.telegram.ledger if not each.incoming] == [money.charge_id]
    await shop.shop.cashier.is_sound()


async def test_a_refund_of_one_of_two_periods_tells_telegram_to_stop(shop: StarShop) -> None:
    first = await shop.begins()
    begun = await shop.pays(first)
    shop.shop.clock.advance(days=29, hours=23)
    again = await shop.pays(first, again=True)
    assert [each.number for each in await shop.shop.periods(shop.anna)] == [1, 2]
    await shop.stars.went_back(again)
    await shop.shop.round()
    assert shop.telegram.canceled == [(ANNA, begun.charge_id)]
    assert (await shop.shop.of(shop.anna)).next_charge is None
    await shop.shop.cashier.is_sound()


async def test_what_came_back_as_credits_goes_with_the_money(shop: StarShop) -> None:
    """She changed to a dearer plan, and got the rest of the cheaper one as credits."""
    plans, cashier = shop.shop, shop.shop.cashier
    dear = await plans.sells("pro", kopecks=90_000)
    cheap = await plans.pays(await plans.begins(shop.anna, shop.plus))
    await plans.pays(await plans.begins(shop.anna, dear))
    returned = await cashier.balance(shop.anna)
    assert returned == 30_00
    assert (await cashier.till.refunds.quote(cheap.id)).covered == cheap.amount
    refund = await cashier.refunds(cheap, 300_00)
    assert (refund.credits_taken, refund.credits_uncollected) == (returned, 0)
    assert await cashier.balance(shop.anna) == 0
    assert (await plans.of(shop.anna)).plan.id == dear
    await cashier.is_sound()


async def test_credits_came_back_of_what_was_not_refunded_before(shop: StarShop) -> None:
    plans, cashier = shop.shop, shop.shop.cashier
    dear = await plans.sells("pro", kopecks=90_000)
    cheap = await plans.pays(await plans.begins(shop.anna, shop.plus))
    await cashier.refunds(cheap, 100_00)
    cashier.clock.advance(minutes=1)
    await plans.pays(await plans.begins(shop.anna, dear))
    assert 19_99 <= await cashier.balance(shop.anna) <= 20_00
    cashier.clock.advance(minutes=1)
    assert (await cashier.till.refunds.quote(cheap.id)).covered.minor == 200_00
    await cashier.refunds(cheap, 50_00)
    await cashier.refunds(cheap, 150_00)
    assert await cashier.balance(shop.anna) == 0
    await cashier.is_sound()


async def test_another_provider_that_is_away_does_not_keep_a_charge_from_being_made(shop: StarShop) -> None:
    plans = shop.shop
    begun = await plans.subscribes(shop.anna, shop.plus)
    shop.telegram.away = GONE
    plans.yookassa.faults.append(Fault.LOST)
    await plans.jumps_to(begun.ends_at - timedelta(hours=24))
    await plans.jumps_to(begun.ends_at - timedelta(hours=12))
    plans.clock.advance(minutes=2)
    await plans.round()
    assert [each.number for each in await plans.periods(shop.anna)] == [1, 2]


async def test_a_price_that_was_chosen_in_stars_is_none_in_roubles(shop: StarShop) -> None:
    """She opens a page for the next period, chooses a cheaper plan in Stars for then, and pays the page by card."""
    plans = shop.shop
    basic = await plans.sells("basic", kopecks=20_000, stars=100)
    await shop.pays(await shop.begins(consent=False))
    page = await plans.begins(shop.anna, shop.plus)
    await plans.subscriptions.schedule(shop.anna, basic)
    await plans.pays(page)
    next_charge = (await plans.of(shop.anna)).next_charge
    assert next_charge is not None
    assert next_charge[0] == page.amount
    await plans.lives(days=65)
    assert {each.amount.minor for each in plans.yookassa.payments.values()} == {30_000}
    await plans.cashier.is_sound()


async def test_who_is_shut_out_is_not_charged(shop: StarShop) -> None:
    plans, john = shop.shop, await shop.shop.cashier.customer(telegram_id=502)
    first = await shop.begins()
    await shop.pays(first)
    await plans.subscribes(john, shop.plus)
    await plans.cashier.db.write(_shut_out)
    await plans.lives(days=29)
    plans.clock.advance(days=1, minutes=1)
    renewal = await shop.pays(first, again=True)
    await plans.lives(days=5)
    assert plans.charged == ["succeeded"]
    assert [each.id for each in shop.telegram.ledger if not each.incoming] == [renewal.charge_id]
    assert len(shop.telegram.canceled) == 1
    await plans.cashier.is_sound()


def _shut_out(session: Session) -> None:
    users = table_of(User)
    session.execute(update(users).values(disabled_at=users.c.created_at))


async def test_a_cheaper_plan_ends_what_telegram_charges_and_says_so(shop: StarShop) -> None:
    """Telegram's subscription has one price, and who stays after all pays by hand."""
    light = await shop.shop.sells("light", stars=100)
    await shop.pays(await shop.begins())
    mine = shop.shop.subscriptions
    assert (await mine.quote_change(shop.anna, light)).by_hand
    await mine.schedule(shop.anna, light)
    await shop.shop.round()
    assert [charge for _, charge in shop.telegram.canceled] == ["charge-1"]
    assert not (await mine.quote_change(shop.anna, light)).by_hand, "it is told already"
    await mine.schedule(shop.anna, shop.plus)
    stays = await shop.shop.of(shop.anna)
    assert (stays.scheduled, stays.next_charge, stays.was_stopped) == (None, None, True)
    [card, stars] = await checkout_of(shop.shop.cashier.till).ways(shop.anna, shop.plus)
    assert [card.can_be_kept, stars.can_be_kept] == [True, False], "Telegram's months begin when they are paid"


async def test_a_new_price_is_none_for_what_telegram_charges(shop: StarShop) -> None:
    await shop.pays(await shop.begins())
    await shop.shop.cashier.db.write(costs, shop.plus, 250)
    assert (await shop.shop.of(shop.anna)).offered_price is None
    with pytest.raises(PriceStays):
        await shop.shop.subscriptions.agree(shop.anna, Money(250, Currency.XTR))
    assert (await shop.shop.of(shop.anna)).next_charge == (Money(200, Currency.XTR), shop.shop.clock() + MONTH)


async def test_what_has_no_price_any_more_is_not_lost_to_a_dearer_plan(shop: StarShop) -> None:
    """Nobody could tell how many credits what is left of it would be."""
    await shop.pays(await shop.begins())
    pro = await shop.shop.sells("pro", kopecks=90_000)
    shop.reopens("yookassa", retired=NAME, pricing=PRICING)
    with pytest.raises(RestUnpriced):
        await shop.shop.subscriptions.quote_change(shop.anna, pro)
    with pytest.raises(RestUnpriced):
        await shop.shop.begins(shop.anna, pro)
    assert (await shop.shop.of(shop.anna)).plan.name == "plus"


async def test_a_subscription_that_nobody_knows_is_stopped_when_its_money_goes_back(shop: StarShop) -> None:
    """Books were lost, and Telegram takes the Stars every month."""
    owner, payload = await shop.shop.cashier.owner(), str(uuid4())
    await shop.stars.received(shop.telegram.pays(ANNA, payload, 200, month=True))
    await shop.shop.lives(days=30)
    await shop.stars.received(shop.telegram.pays(ANNA, payload, 200, month=True, again=True))
    assert shop.telegram.canceled == [], "only an owner can say that it is lost for good"
    strays = Strays(shop.shop.cashier.till.ctx, Staff((OWNER,)))
    latest = (await strays.page()).items[0]
    await strays.send_back(latest.id, actor=owner)
    shop.telegram.away = ResultUnknown(code="timeout")
    await shop.shop.round()
    assert shop.telegram.canceled == []
    shop.telegram.away = None
    shop.shop.clock.advance(minutes=6)
    await shop.shop.round()
    await shop.shop.lives(days=1)
    assert shop.telegram.canceled == [(ANNA, "charge-1"), (ANNA, "charge-2")]


async def test_stars_of_no_subscription_stop_none(shop: StarShop) -> None:
    owner = await shop.shop.cashier.owner()
    await shop.stars.received(shop.telegram.pays(ANNA, str(uuid4()), 200))
    strays = Strays(shop.shop.cashier.till.ctx, Staff((OWNER,)))
    [kept] = (await strays.page()).items
    await strays.send_back(kept.id, actor=owner)
    await shop.shop.lives(days=1)
    assert shop.telegram.canceled == []
