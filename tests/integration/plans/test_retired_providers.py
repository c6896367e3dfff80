"""PAYMENT_METHODS names a provider no more, and subscriptions were begun there: Telegram hears of who cancels, and what
it takes is followed or goes back."""

from datetime import timedelta

import pytest

from db.engine import Database
from services.payments.pricing import WayNotOffered
from services.payments.providers.stars.gateway import NAME
from services.payments.strays import Strays
from services.users.roles import Staff
from tests.support.clock import FakeClock
from tests.support.star_plans import ANNA, StarShop, open_star_shop
from tests.support.tills import OWNER

DAY = timedelta(days=1)


@pytest.fixture
async def shop(sqlite_database: Database, clock: FakeClock) -> StarShop:
    return await open_star_shop(sqlite_database, clock)


async def test_who_cancels_is_not_charged_by_telegram_any_more(shop: StarShop) -> None:
    first = await shop.begins()
    money = await shop.pays(first)
    shop.reopens("yookassa", retired=NAME)
    await shop.shop.subscriptions.cancel(shop.anna)
    await shop.shop.round()
    assert shop.telegram.canceled == [(ANNA, money.charge_id)]
    shop.shop.clock.advance(days=30)
    late = await shop.pays(first, again=True)
    await shop.shop.lives(hours=3)
    assert [each.id for each in shop.telegram.ledger if not each.incoming] == [late.charge_id]
    await shop.shop.cashier.is_sound()


async def test_what_telegram_renews_is_booked_and_can_go_back(shop: StarShop) -> None:
    first = await shop.begins()
    await shop.pays(first)
    await shop.shop.cashier.till.reconciler.round(everything=True)
    shop.reopens("yookassa", retired=NAME)
    await shop.shop.lives(days=29)
    shop.shop.clock.advance(days=1)
    again = shop.telegram.pays(ANNA, str(first.id), 200, month=True, again=True)
    await shop.shop.cashier.till.reconciler.round(everything=True)  # the news of it was lost
    mine = await shop.shop.of(shop.anna)
    assert (mine.number, mine.auto_renew, mine.next_charge) == (2, True, (first.amount, mine.ends_at))
    shop.telegram.sends_back(again.charge_id)
    await shop.stars.went_back(again)
    await shop.shop.round()
    assert await shop.shop.subscriptions.of(shop.anna) is None
    assert len(shop.telegram.canceled) == 1
    await shop.shop.cashier.is_sound()


async def test_nothing_new_is_begun_there(shop: StarShop) -> None:
    shop.reopens("yookassa", retired=NAME)
    assert [each.merchant.provider for each in shop.shop.cashier.till.accounts] == ["yookassa"]
    with pytest.raises(WayNotOffered):
        await shop.begins()
    with pytest.raises(WayNotOffered):
        await shop.shop.cashier.begins(shop.anna, None, provider=NAME)
    await shop.shop.cashier.till.reconciler.round(everything=True)
    assert shop.telegram.calls == [], "a list that was never read is not begun"


async def test_a_saved_card_goes_on(shop: StarShop) -> None:
    begun = await shop.shop.subscribes(shop.anna, shop.plus)
    shop.reopens(NAME, retired="yookassa")
    await shop.shop.jumps_to(begun.ends_at - DAY)
    await shop.shop.lives(days=1)
    assert shop.shop.charged == ["succeeded"] * 2
    assert (await shop.shop.of(shop.anna)).number == 2


async def test_a_shop_that_takes_no_money_any_more_tells_telegram_to_stop(shop: StarShop) -> None:
    money = await shop.pays(await shop.begins())
    await shop.shop.subscriptions.cancel(shop.anna)
    shop.reopens(None, retired=NAME)
    await shop.shop.round()
    assert shop.telegram.canceled == [(ANNA, money.charge_id)]


async def test_a_shop_that_takes_no_money_any_more_books_what_telegram_renews(shop: StarShop) -> None:
    first = await shop.begins()
    await shop.pays(first)
    shop.reopens(None, retired=NAME)
    await shop.shop.lives(days=30)
    await shop.pays(first, again=True)
    assert (await shop.shop.of(shop.anna)).number == 2
    await shop.shop.subscriptions.cancel(shop.anna)
    await shop.shop.lives(days=1)
    late = await shop.pays(first, again=True)
    await shop.shop.lives(hours=3)
    assert [each.id for each in shop.telegram.ledger if not each.incoming] == [late.charge_id]
    await shop.shop.cashier.is_sound()


async def test_stars_for_nothing_known_are_kept_by_a_shop_that_takes_no_money(shop: StarShop) -> None:
    """Somebody pays an invoice of before the books were lost, say."""
    owner = await shop.shop.cashier.owner()
    shop.reopens(None, retired=NAME)
    money = shop.telegram.pays(ANNA, "an old invoice", 50)
    await shop.stars.received(money)
    assert await shop.shop.cashier.problems() == ["stray"]
    strays = Strays(shop.shop.cashier.till.ctx, Staff((OWNER,)))
    [kept] = (await strays.page()).items
    await strays.send_back(kept.id, actor=owner)
    assert [each.id for each in shop.telegram.ledger if not each.incoming] == [money.charge_id]
