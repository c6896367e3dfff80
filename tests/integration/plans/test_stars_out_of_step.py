"""Where Telegram's months and the shop's fall apart: paid on two devices, paid by hand meanwhile, renewed after a
failure, not offered any more. Nobody pays twice, and what is shown as the next charge is what comes."""

from datetime import timedelta
from itertools import pairwise

import pytest

from db.engine import Database
from db.tables.plans import SubscriptionStatus
from services.payments.providers.base import ProviderWord
from services.payments.providers.stars.question import InvoicePaid, PreCheckout
from services.payments.queries import PaymentView
from tests.support.clock import FakeClock
from tests.support.star_plans import ANNA, StarShop, open_star_shop

DAY = timedelta(days=1)


@pytest.fixture
async def shop(sqlite_database: Database, clock: FakeClock) -> StarShop:
    return await open_star_shop(sqlite_database, clock)


async def went_back(shop: StarShop) -> list[str]:
    return [each.id for each in shop.telegram.ledger if not each.incoming]


async def are_whole(shop: StarShop) -> None:
    """All periods that were paid; they follow one another."""
    periods = await shop.shop.periods(shop.anna)
    assert all(each.ends_at - each.starts_at >= 27 * DAY for each in periods)
    assert all(one.ends_at <= other.starts_at for one, other in pairwise(periods))
    await shop.shop.cashier.is_sound()


@pytest.mark.parametrize("heard", ["updates", "list"])
async def test_paid_on_two_devices_the_second_goes_back_and_is_stopped(shop: StarShop, heard: str) -> None:
    """Telegram asks both of them before it tells of any money."""
    page = await shop.begins()
    asked = PreCheckout(payload=str(page.id), payer_id=ANNA, amount=page.amount)
    await shop.stars.may_pay(asked)
    await shop.stars.may_pay(asked)
    one = shop.telegram.pays(ANNA, str(page.id), 200, month=True)
    shop.shop.clock.advance(seconds=7)
    two = shop.telegram.pays(ANNA, str(page.id), 200, month=True)
    if heard == "list":
        await shop.shop.cashier.till.reconciler.round(everything=True)
    else:
        await shop.stars.received(one)
        await shop.stars.received(two)
    with pytest.raises(InvoicePaid):
        await shop.stars.may_pay(asked)
    await shop.shop.lives(days=2)
    assert await went_back(shop) == [two.charge_id]
    assert shop.telegram.canceled == [(ANNA, two.charge_id)]
    mine = await shop.shop.of(shop.anna)
    assert (mine.number, mine.auto_renew, mine.next_charge) == (1, True, (page.amount, mine.ends_at))
    await shop.shop.lives(days=28)
    await shop.pays(page, again=True)
    assert (await shop.shop.of(shop.anna)).number == 2
    await are_whole(shop)


async def test_a_next_period_that_is_paid_on_two_devices(shop: StarShop) -> None:
    await shop.pays(await shop.begins(consent=False))
    await shop.shop.lives(days=32)
    page = await shop.begins()
    await shop.pays(page)
    two = await shop.pays(page)
    await shop.shop.lives(days=1)
    assert await went_back(shop) == [two.charge_id]
    assert shop.telegram.canceled == [(ANNA, two.charge_id)]
    assert (await shop.shop.of(shop.anna)).auto_renew
    await are_whole(shop)


async def past_due(shop: StarShop, *, failed: bool) -> PaymentView:
    """Telegram's money for the second month did not come; what began the first one."""
    first = await shop.begins()
    await shop.pays(first)
    await shop.shop.lives(days=30)
    if failed:
        await shop.stars.subscription_said(str(first.id), "failed")
    await shop.shop.lives(minutes=10)
    assert (await shop.shop.of(shop.anna)).status is SubscriptionStatus.PAST_DUE
    return first


@pytest.mark.parametrize("failed", [True, False])
@pytest.mark.parametrize("by_card", [True, False])
async def test_telegrams_late_renewal_of_what_was_paid_by_hand_goes_back(
    shop: StarShop, *, failed: bool, by_card: bool
) -> None:
    first = await past_due(shop, failed=failed)
    plans = shop.shop
    if by_card:
        await plans.pays(await plans.begins(shop.anna, shop.plus, consent=False))
    else:
        await shop.pays(await shop.begins(consent=False))
    paid = await plans.of(shop.anna)
    assert (paid.number, paid.auto_renew, paid.next_charge) == (2, False, None)
    assert ("autopay_off" in await plans.facts()) is not failed, "of what failed she knows"
    plans.clock.advance(minutes=1)
    await plans.round()
    assert len(shop.telegram.canceled) == 1
    plans.clock.advance(days=2)
    late = await shop.pays(first, again=True)
    await plans.lives(hours=3)
    assert await went_back(shop) == [late.charge_id]
    assert (await plans.of(shop.anna)).ends_at == paid.ends_at
    await are_whole(shop)


async def test_renewed_after_it_failed_it_renews_by_itself_again(shop: StarShop) -> None:
    first = await shop.begins()
    await shop.pays(first)
    await shop.shop.lives(days=30)
    await shop.stars.subscription_said(str(first.id), "failed")
    await shop.shop.lives(hours=1)
    assert not (await shop.shop.of(shop.anna)).auto_renew
    await shop.pays(first, again=True)
    mine = await shop.shop.of(shop.anna)
    assert (mine.status, mine.auto_renew, mine.decline_reason) == (SubscriptionStatus.ACTIVE, True, None)
    assert mine.next_charge == (first.amount, mine.ends_at)
    await shop.shop.lives(days=29, hours=5)
    assert (await shop.shop.facts())[-1] == "renewal_soon"
    shop.shop.clock.advance(days=1)
    await shop.pays(first, again=True)
    assert (await shop.shop.of(shop.anna)).number == 3
    assert shop.telegram.canceled == []
    await are_whole(shop)


async def test_what_telegram_says_of_a_subscription_that_a_card_replaced_means_nothing(shop: StarShop) -> None:
    first = await past_due(shop, failed=True)
    plans = shop.shop
    await plans.pays(await plans.begins(shop.anna, shop.plus, consent=True))
    by_card = await plans.of(shop.anna)
    told = await plans.facts()
    for word in (ProviderWord.CANCELED, ProviderWord.FAILED):
        await shop.stars.subscription_said(str(first.id), word)
        assert await plans.of(shop.anna) == by_card
    await plans.methods.unlink(shop.anna, by_card.method.id if by_card.method else first.id)
    await shop.stars.subscription_said(str(first.id), ProviderWord.ACTIVE)
    assert (await plans.of(shop.anna)).auto_renew is False
    assert await plans.facts() == told


async def test_a_card_is_charged_as_agreed_after_a_period_that_was_paid_in_stars(shop: StarShop) -> None:
    """It was declined, she paid that month in Stars; then the card is charged in roubles again."""
    plans = shop.shop
    begun = await plans.subscribes(shop.anna, shop.plus)
    plans.yookassa.declines.extend(["insufficient_funds"] * 2)
    await plans.lives(days=31, hours=1)
    await shop.pays(await shop.begins(consent=False))
    mine = await plans.of(shop.anna)
    assert (mine.status, mine.auto_renew, mine.provider) == (SubscriptionStatus.ACTIVE, True, "yookassa")
    assert mine.next_charge is not None
    assert mine.next_charge[0] == begun.price
    await plans.jumps_to(mine.ends_at - DAY)
    await plans.lives(days=2)
    assert plans.charged == ["succeeded", "canceled", "canceled", "succeeded"]
    assert [each["amount"] for each in await plans.news() if each["fact"] == "renewal_soon"] == [30_000, 30_000]
    assert (await plans.of(shop.anna)).number == 3
    await are_whole(shop)


async def test_a_cheaper_plan_that_was_chosen_is_charged_as_agreed(shop: StarShop) -> None:
    """Its first period is paid in Stars, the next from the card."""
    plans = shop.shop
    basic = await plans.sells("basic", kopecks=20_000, stars=100)
    await plans.subscribes(shop.anna, shop.plus)
    await plans.subscriptions.schedule(shop.anna, basic)
    plans.yookassa.declines.extend(["insufficient_funds"] * 2)
    await plans.lives(days=31, hours=1)
    await shop.pays(await shop.begins(basic, consent=False))
    mine = await plans.of(shop.anna)
    assert (mine.plan.id, mine.scheduled) == (basic, None)
    assert mine.next_charge is not None
    assert mine.next_charge[0].minor == 20_000
    await are_whole(shop)


async def test_a_card_that_is_resumed_after_a_period_in_stars(shop: StarShop) -> None:
    plans = shop.shop
    begun = await plans.subscribes(shop.anna, shop.plus)
    await plans.subscriptions.cancel(shop.anna)
    await shop.pays(await shop.begins(consent=False))
    assert (await plans.of(shop.anna)).next_charge is None
    await plans.subscriptions.resume(shop.anna)
    mine = await plans.of(shop.anna)
    assert mine.next_charge is not None
    assert mine.next_charge[0] == begun.price
    await plans.jumps_to(mine.ends_at - DAY)
    await plans.jumps_to(mine.ends_at - DAY / 2)
    assert plans.charged == ["succeeded"] * 2


async def test_a_card_that_was_refused_for_good_leaves_the_price_in_stars(shop: StarShop) -> None:
    plans = shop.shop
    await plans.subscribes(shop.anna, shop.plus)
    plans.yookassa.declines.append("card_expired")
    await plans.lives(days=31, hours=1)
    page = await shop.begins(consent=False)
    await shop.pays(page)
    mine = await plans.of(shop.anna)
    assert (mine.price, mine.next_charge, mine.provider) == (page.amount, None, "stars")


async def test_a_card_of_a_provider_that_is_gone_is_not_announced(shop: StarShop) -> None:
    """The settings name Stars alone now: nobody can charge the card, and she is told to pay herself, in time."""
    plans = shop.shop
    begun = await plans.subscribes(shop.anna, shop.plus)
    shop.reopens("stars")
    await plans.jumps_to(begun.ends_at - DAY)
    assert await plans.facts() == ["ends_soon"]
    assert (await plans.of(shop.anna)).next_charge is None
    await shop.pays(await shop.begins(consent=False))
    assert (await plans.of(shop.anna)).number == 2
    await are_whole(shop)


async def test_telegram_refuses_to_send_money_back(shop: StarShop) -> None:
    """The shop has spent its Stars: owners hear of it, and it is tried again until it goes."""
    await shop.shop.cashier.owner()
    first = await past_due(shop, failed=True)
    await shop.shop.pays(await shop.shop.begins(shop.anna, shop.plus, consent=False))
    shop.telegram.is_broke = True
    await shop.pays(first, again=True)
    await shop.shop.lives(days=3)
    assert "money_back_failed" in await shop.shop.cashier.problems()
    shop.telegram.is_broke = False
    await shop.shop.lives(days=5)
    await shop.shop.lives(hours=1)
    assert [each.stars for each in shop.telegram.ledger if not each.incoming] == [first.amount.minor]
    await shop.shop.cashier.is_sound()
