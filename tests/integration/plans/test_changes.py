"""Other plans, refunds, trials, the free plan; accounts that become one or go."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.orm import Session

from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit, SubscriptionStatus
from services.features import PlanShelf
from services.money import rub
from services.payments.refunds.begin import RefundRequest
from services.plans.allowances import covers, give_back, take_for_prediction
from services.plans.changes import BeginsAtOnce, BeginsLater
from services.plans.free import open_free
from services.plans.manage import PlanManagement
from services.plans.next_payment import RenewalUnderWay
from services.plans.offers import PriceStays
from services.plans.plan_offer import PlanOffer
from services.plans.plans import OtherPrice, Plans, find_plan
from services.plans.replacing import RefundUnderWay
from services.plans.trials import AlreadySubscribed, TrialUsed
from services.users.roles import Staff
from tests.support.faults import Fault
from tests.support.plans import PlanShop
from tests.support.shop import add_model, add_prediction
from tests.support.tills import OWNER, renewals_of

REQUESTS = AllowanceUnit.REQUESTS


async def test_a_dearer_plan_begins_at_once(shop: PlanShop) -> None:
    anna = await shop.cashier.customer()
    plus, pro = await shop.sells(credits=100_00), await shop.sells("pro", kopecks=90_000, credits=400_00)
    begun = await shop.subscribes(anna, plus)
    shop.clock.now = begun.starts_at + (begun.ends_at - begun.starts_at) / 2
    quote = await shop.subscriptions.quote_change(anna, pro)
    assert (quote.at_once, quote.returned, quote.price.minor) == (True, 15_00, 90_000)
    with pytest.raises(BeginsAtOnce):
        await shop.subscriptions.schedule(anna, pro)
    await shop.pays(await shop.begins(anna, pro))
    now = await shop.of(anna)
    assert (now.plan.name, now.number, now.starts_at) == ("pro", 1, shop.clock())
    assert await shop.cashier.balance(anna) == 415_00, "half of the old price as credits, the new period's beside them"
    old, new = await shop.periods(anna)
    assert old.ends_at == new.starts_at == old.closed_at
    await shop.cashier.is_sound()
    await shop.lives(days=62)
    assert (await shop.of(anna)).number == 3
    assert await shop.cashier.balance(anna) == 415_00
    await shop.cashier.is_sound()


async def test_what_is_used_most_tells_what_is_left(quick: PlanShop) -> None:
    await quick.cashier.db.write(add_model)
    anna, pro = await quick.cashier.customer(), await quick.sells("pro", kopecks=90_000)
    plus = await quick.sells(credits=100_00, allowances=[(REQUESTS, 4, ["wine"])])
    await quick.subscribes(anna, plus)
    for _ in range(3):
        assert await predicts(quick, anna) is not None
    quick.clock.advance(hours=1)
    assert (await quick.subscriptions.quote_change(anna, pro)).returned == 7_50


async def test_a_dearer_plan_in_the_last_minute(quick: PlanShop) -> None:
    """The next period of the old one is paid by then: all of it comes back."""
    anna = await quick.cashier.customer()
    plus, pro = await quick.sells(credits=100_00), await quick.sells("pro", kopecks=90_000)
    begun = await quick.subscribes(anna, plus)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    await quick.jumps_to(begun.ends_at - timedelta(minutes=1))
    assert (await quick.row(anna)).number == 2
    await quick.pays(await quick.begins(anna, pro))
    assert (await quick.of(anna)).plan.name == "pro"
    assert await quick.cashier.balance(anna) == 30_00
    await quick.cashier.is_sound()
    await quick.lives(days=35)
    assert [row.number for row in await quick.periods(anna)] == [1, 1, 2, 2]
    await quick.cashier.is_sound()


async def test_a_cheaper_plan_begins_at_the_end(quick: PlanShop) -> None:
    anna = await quick.cashier.customer()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    await quick.subscribes(anna, pro)
    with pytest.raises(BeginsLater):
        await quick.begins(anna, plus)
    await quick.subscriptions.schedule(anna, plus)
    chosen = await quick.of(anna)
    assert chosen.scheduled is not None
    assert chosen.next_charge is not None
    assert (chosen.scheduled.name, chosen.next_charge[0]) == ("plus", rub(30_000))
    await quick.subscriptions.schedule(anna, pro)
    assert (await quick.of(anna)).scheduled is None, "choosing the present one takes it back"
    await quick.subscriptions.schedule(anna, plus)
    await quick.lives(days=31)
    (warning,) = [each for each in await quick.news() if each["fact"] == "renewal_soon"]
    assert (warning["plan_id"], warning["amount"]) == (plus, 30_000), "of what will be charged"
    now = await quick.of(anna)
    assert (now.plan.name, now.number, now.price, now.scheduled) == ("plus", 2, rub(30_000), None)
    await quick.cashier.is_sound()


async def test_a_new_price_is_for_who_agrees(quick: PlanShop) -> None:
    anna, boris, plus = await quick.cashier.customer(), await quick.cashier.customer(), await quick.sells()
    manage = PlanManagement(quick.cashier.db, quick.clock, Staff((OWNER,)))
    for each in (anna, boris):
        await quick.subscribes(each, plus)
    offer = PlanOffer.of(await Plans(quick.cashier.db, PlanShelf()).get(plus))
    dearer = PlanOffer(name=offer.name, title=offer.title, prices={Currency.RUB: rub(40_000)})
    await manage.edit(plus, dearer, actor=await quick.cashier.owner())
    assert await manage.offer_price(plus, actor=await quick.cashier.owner()) == 2
    with pytest.raises(OtherPrice):
        await quick.subscriptions.agree(anna, rub(35_000))
    await quick.subscriptions.agree(anna, rub(40_000))
    await quick.lives(days=31)
    assert [(await quick.of(each)).price for each in (anna, boris)] == [rub(40_000), rub(30_000)]
    await quick.cashier.is_sound()


async def test_a_new_price_does_not_take_the_place_of_a_chosen_plan(quick: PlanShop) -> None:
    anna, plus, pro = await quick.cashier.customer(), await quick.sells(), await quick.sells("pro", kopecks=90_000)
    await quick.subscribes(anna, pro)
    await quick.subscriptions.schedule(anna, plus)
    manage, owner = PlanManagement(quick.cashier.db, quick.clock, Staff((OWNER,))), await quick.cashier.owner()
    offer = PlanOffer.of(await Plans(quick.cashier.db, PlanShelf()).get(pro))
    await manage.edit(pro, replace(offer, prices={Currency.RUB: rub(95_000)}), actor=owner)
    assert await manage.offer_price(pro, actor=owner) == 0, "nobody is asked who goes to another one"
    with pytest.raises(PriceStays):
        await quick.subscriptions.agree(anna, rub(95_000))
    await quick.lives(days=31)
    assert ((await quick.of(anna)).plan.name, (await quick.of(anna)).price) == ("plus", rub(30_000))
    await quick.cashier.is_sound()


async def test_a_period_is_refunded(shop: PlanShop) -> None:
    anna, plus = await shop.cashier.customer(), await shop.sells(credits=100_00, allowances=[(REQUESTS, 4, [])])
    payment = await shop.pays(await shop.begins(anna, plus))
    shop.clock.advance(days=3)
    await refunds(shop, payment.id, 30_000)
    assert await shop.subscriptions.of(anna) is None
    assert await shop.cashier.balance(anna) == 0
    assert await shop.cashier.db.read(covers, anna, "wine", shop.clock()) is None
    await shop.lives(days=40)
    assert shop.charged == ["succeeded"]
    await shop.cashier.is_sound()


async def test_the_last_period_is_refunded_in_the_days_of_grace(quick: PlanShop) -> None:
    """Nobody charges the card any more."""
    anna, plus = await quick.cashier.customer(), await quick.sells()
    payment = await quick.pays(await quick.begins(anna, plus))
    quick.yookassa.declines.extend(["insufficient_funds"] * 9)
    await quick.lives(days=30, hours=13)
    assert (await quick.of(anna)).status == SubscriptionStatus.PAST_DUE
    charged = list(quick.charged)
    await refunds(quick, payment.id, 30_000)
    await quick.lives(days=40)
    assert (await quick.row(anna)).status == SubscriptionStatus.CANCELED
    assert quick.charged == charged
    await quick.cashier.is_sound()


async def test_a_part_of_a_period_is_refunded(quick: PlanShop) -> None:
    """It stays, with its part of the credits."""
    anna, plus = await quick.cashier.customer(), await quick.sells(credits=100_00)
    payment = await quick.pays(await quick.begins(anna, plus))
    await refunds(quick, payment.id, 10_000)
    assert (await quick.of(anna)).status == SubscriptionStatus.ACTIVE
    assert await quick.cashier.balance(anna) == 66_67
    await quick.cashier.is_sound()


async def test_the_period_that_was_paid_ahead_is_refunded(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells(credits=100_00)
    begun = await quick.subscribes(anna, plus)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    await quick.jumps_to(begun.ends_at - timedelta(hours=12))
    second = (await quick.periods(anna))[1].payment_id
    await refunds(quick, second, 30_000)
    left = await quick.of(anna)
    assert (left.ends_at, left.cancel_at_period_end) == (begun.ends_at, True)
    await quick.cashier.is_sound()
    await quick.lives(days=2)
    assert (await quick.row(anna)).status == SubscriptionStatus.CANCELED
    await quick.cashier.is_sound()


async def test_the_running_period_is_refunded_and_what_was_paid_ahead_goes_with_it(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells(credits=100_00)
    begun = await quick.subscribes(anna, plus)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    await quick.jumps_to(begun.ends_at - timedelta(hours=12))
    first, second = (row.payment_id for row in await quick.periods(anna))
    await refunds(quick, first, 30_000)
    await quick.lives(hours=1)
    assert await quick.sent_back() == {first: 30_000, second: 30_000}
    assert (await quick.row(anna)).status == SubscriptionStatus.CANCELED
    assert await quick.cashier.balance(anna) == 0
    await quick.cashier.is_sound()


async def test_who_had_the_money_back_is_offered_no_trial(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells(trial_days=7)
    plan = await quick.cashier.db.read(find_plan, plus)
    assert await quick.subscriptions.may_try(anna, plan)
    payment = await quick.begins(anna, plus)
    await quick.pays(payment)
    await quick.cashier.refunds(payment, payment.amount.minor)
    assert not await quick.subscriptions.may_try(anna, plan)
    with pytest.raises(TrialUsed):
        await quick.subscriptions.start_trial(anna, plus)


async def test_a_trial_charges_nobody_and_is_one(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells(trial_days=7, credits=10_00)
    await quick.subscriptions.start_trial(anna, plus)
    tried = await quick.of(anna)
    assert (tried.status, tried.next_charge) == (SubscriptionStatus.TRIALING, None)
    assert await quick.cashier.balance(anna) == 10_00
    with pytest.raises(AlreadySubscribed):
        await quick.subscriptions.start_trial(anna, plus)
    await quick.lives(days=8)
    assert quick.charged == []
    assert await quick.facts() == ["ends_soon", "ended"]
    with pytest.raises(TrialUsed):
        await quick.subscriptions.start_trial(anna, plus)
    await quick.cashier.is_sound()


async def test_paid_in_the_trial_it_begins_after_it(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells(trial_days=7)
    await quick.subscriptions.start_trial(anna, plus)
    trial_ends = (await quick.of(anna)).ends_at
    paid = await quick.subscribes(anna, plus)
    assert (paid.status, paid.number) == (SubscriptionStatus.ACTIVE, 2)
    assert (await quick.periods(anna))[1].starts_at == trial_ends
    await quick.lives(days=60)
    assert (await quick.of(anna)).number == 3
    await quick.cashier.is_sound()


async def test_the_free_plan_is_opened_when_it_is_needed(shop: PlanShop) -> None:
    await shop.cashier.db.write(add_model)
    anna = await shop.cashier.customer()
    await shop.sells("free", kopecks=None, allowances=[(REQUESTS, 2, [])])
    shown = await shop.of(anna)
    assert (shown.id, shown.plan.name, shown.allowances[0].left) == (None, "free", 2)
    await shop.cashier.db.write(open_free, anna, shop.clock())
    first = await predicts(shop, anna)
    assert first is not None
    assert await predicts(shop, anna) is not None
    assert await predicts(shop, anna) is None, "two are all"
    await shop.cashier.db.write(lambda session: give_back(session, prediction_id=first))
    assert (await shop.of(anna)).allowances[0].left == 1
    shop.clock.advance(days=40)
    assert (await shop.of(anna)).allowances[0].left == 2
    await shop.cashier.db.write(open_free, anna, shop.clock())
    assert (await shop.of(anna)).number == 2
    plus = await shop.sells()
    await shop.subscribes(anna, plus)
    assert (await shop.of(anna)).plan.name == "plus"
    await shop.cashier.is_sound()


async def predicts(shop: PlanShop, user_id: int) -> UUID | None:
    """The prediction's id where the plan paid for it."""

    def predict(session: Session) -> UUID | None:
        prediction_id = add_prediction(session, user_id=user_id, price=0)
        return prediction_id if take_for_prediction(session, user_id, "wine", prediction_id, shop.clock()) else None

    return await shop.cashier.db.write(predict)


async def refunds(shop: PlanShop, payment_id: UUID, kopecks: int) -> None:
    wish = RefundRequest(
        id=uuid4(), payment_id=payment_id, amount=rub(kopecks), actor=await shop.cashier.owner(), confirmed=True
    )
    await shop.cashier.till.refunds.start(wish)


async def test_no_other_plan_while_money_for_the_present_one_goes_back(quick: PlanShop) -> None:
    """The bank may refuse the refund days later: what is left of the period is hers then, and still worth its price."""
    anna = await quick.cashier.customer()
    plus, pro = await quick.sells(), await quick.sells("pro", kopecks=90_000)
    first = await quick.pays(await quick.begins(anna, plus))
    page = await quick.begins(anna, pro)
    quick.yookassa.refunds_wait = True
    await quick.cashier.refunds(first, 300_00)
    with pytest.raises(RefundUnderWay):
        await quick.subscriptions.quote_change(anna, pro)
    with pytest.raises(RefundUnderWay):
        await quick.begins(anna, pro)
    await quick.pays(page)  # it was open before
    await quick.lives(minutes=2)
    assert (await quick.of(anna)).plan.id == plus
    [going, back] = quick.yookassa.refunds
    quick.yookassa.finish_refund(going, "canceled", "general_decline")
    quick.yookassa.finish_refund(back, "succeeded")
    await quick.lives(hours=1)
    assert await quick.sent_back() == {page.id: 90_000}
    assert 29_90 <= (await quick.subscriptions.quote_change(anna, pro)).returned <= 30_00
    await quick.pays(await quick.begins(anna, pro))
    assert (await quick.of(anna)).plan.id == pro
    assert 29_90 <= await quick.cashier.balance(anna) <= 30_00
    await quick.cashier.is_sound()


async def test_a_cheaper_plan_paid_ahead_leaves_nothing_of_itself_where_its_money_goes_back(quick: PlanShop) -> None:
    anna = await quick.cashier.customer()
    plus, lite = await quick.sells(credits=10_00), await quick.sells("lite", kopecks=10_000, credits=5_00)
    begun = await quick.subscribes(anna, plus)
    await quick.subscriptions.cancel(anna)
    await quick.subscriptions.schedule(anna, lite)
    ahead = await quick.pays(await quick.begins(anna, lite, consent=False))
    runs = await quick.of(anna)
    assert (runs.plan.id, runs.price, runs.runs_until) == (plus, rub(30_000), begun.ends_at)
    assert (runs.last_plan.id, runs.next_plan.id, runs.credits_left) == (lite, lite, 10_00)
    await quick.cashier.refunds(ahead, 100_00)
    stays = await quick.of(anna)
    assert (stays.plan.id, stays.price, stays.ends_at) == (plus, rub(30_000), begun.ends_at)
    assert (stays.paid_ahead, stays.next_charge, stays.cancel_at_period_end) == (None, None, True)
    await quick.cashier.is_sound()
    await quick.lives(days=32)
    assert await quick.subscriptions.of(anna) is None


async def test_a_trial_is_one_again_where_the_money_for_what_follows_goes_back(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells(credits=10_00, trial_days=7)
    await quick.subscriptions.start_trial(anna, plus)
    ahead = await quick.pays(await quick.begins(anna, plus, consent=False))
    await quick.cashier.refunds(ahead, 300_00)
    stays = await quick.of(anna)
    assert (stays.status, stays.price, stays.credits_left) == (SubscriptionStatus.TRIALING, None, 10_00)
    assert stays.ends_at == stays.starts_at + timedelta(days=7)
    await quick.cashier.is_sound()
    await quick.lives(days=8)
    assert await quick.subscriptions.of(anna) is None
    assert quick.charged == ["succeeded"]


async def test_nothing_is_chosen_while_the_next_period_is_being_charged(quick: PlanShop) -> None:
    """The charge is of what was chosen before, so a choice would be lost."""
    anna, plus, pro = await quick.cashier.customer(), await quick.sells(), await quick.sells("pro", kopecks=90_000)
    begun = await quick.subscribes(anna, pro)
    await quick.subscriptions.schedule(anna, plus)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    quick.clock.now = begun.ends_at - timedelta(hours=12)
    quick.yookassa.faults.append(Fault.LOST_ANSWER)
    await renewals_of(quick.cashier.till).round()
    with pytest.raises(RenewalUnderWay):
        await quick.subscriptions.schedule(anna, pro)
    await quick.lives(days=1)
    assert (await quick.of(anna)).plan.name == "plus"
