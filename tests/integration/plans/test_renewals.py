"""A subscription from its first payment to its end, as its owner's months go by."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from db.tables.payments import PaymentStatus
from db.tables.plans import MethodState, SubscriptionStatus
from services.payments.queries import payments
from services.plans.endings import CannotResume, NoSubscription
from services.plans.methods import methods
from services.plans.next_payment import RenewalUnderWay
from services.plans.reports import PlanReports
from services.plans.trials import AlreadySubscribed
from services.users.accounts import Users
from tests.support.faults import Fault
from tests.support.plans import PlanShop
from tests.support.tills import MERCHANT, renewals_of


async def test_a_year(shop: PlanShop) -> None:
    anna, plus = await shop.cashier.customer(), await shop.sells(credits=500_00)
    first = await shop.subscribes(anna, plus)
    assert (first.status, first.number, first.auto_renew) == (SubscriptionStatus.ACTIVE, 1, True)
    assert first.method is not None
    assert first.method.title == "Visa •• 4242"
    assert first.next_charge is not None
    assert first.next_charge[0].minor == 30_000
    assert first.ends_at == datetime(2026, 12, 16, 9, tzinfo=UTC)
    assert await shop.cashier.balance(anna) == 500_00
    await shop.lives(days=365)
    last = await shop.of(anna)
    assert last.ends_at == datetime(2027, 12, 16, 9, tzinfo=UTC)
    assert last.number == 13
    assert shop.charged == ["succeeded"] * 13
    assert await shop.facts() == ["renewal_soon", "renewed"] * 12
    assert await shop.sent_back() == {}
    await shop.cashier.is_sound()


async def test_a_warning_comes_a_day_before_and_the_charge_half_a_day(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    ends_at = (await quick.subscribes(anna, plus)).ends_at
    await quick.jumps_to(ends_at - timedelta(hours=25))
    assert await quick.facts() == []
    await quick.jumps_to(ends_at - timedelta(hours=24))
    [news] = await quick.news()
    assert (news["fact"], news["amount"], news["currency"]) == ("renewal_soon", 30_000, "RUB")
    assert datetime.fromisoformat(news["at"]) == ends_at - timedelta(hours=12)
    await quick.jumps_to(ends_at - timedelta(hours=13))
    assert len(quick.charged) == 1
    await quick.jumps_to(ends_at - timedelta(hours=12))
    assert quick.charged == ["succeeded"] * 2
    assert [row.starts_at for row in await quick.periods(anna)][1] == ends_at


async def test_the_last_day_of_january(quick: PlanShop) -> None:
    quick.clock.now = datetime(2027, 1, 31, 22, 30, tzinfo=UTC)
    anna, plus = await quick.cashier.customer(), await quick.sells()
    await quick.subscribes(anna, plus)
    await quick.lives(days=100)
    ends = [row.ends_at for row in await quick.periods(anna)]
    assert [(each.month, each.day, each.hour) for each in ends] == [(2, 28, 22), (3, 31, 22), (4, 30, 22), (5, 31, 22)]


async def test_no_consent_no_charge(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus, consent=False)
    assert (begun.auto_renew, begun.method, begun.next_charge) == (False, None, None)
    await quick.lives(days=40)
    assert quick.charged == ["succeeded"]
    assert await quick.facts() == ["ends_soon", "past_due", "ended"]
    assert (await quick.row(anna)).status == SubscriptionStatus.EXPIRED
    assert await quick.subscriptions.of(anna) is None
    await quick.cashier.is_sound()


async def test_cancelled_it_runs_out(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    await quick.subscribes(anna, plus)
    await quick.subscriptions.cancel(anna)
    await quick.subscriptions.resume(anna)
    assert (await quick.of(anna)).next_charge is not None
    await quick.subscriptions.cancel(anna)
    assert (await quick.of(anna)).next_charge is None
    await quick.lives(days=31)
    assert quick.charged == ["succeeded"]
    assert (await quick.row(anna)).status == SubscriptionStatus.CANCELED
    with pytest.raises(NoSubscription):
        await quick.subscriptions.cancel(anna)


async def test_cancelled_while_it_is_charged(quick: PlanShop) -> None:
    """The money that came for a period that nobody wanted any more goes back."""
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    quick.clock.now = begun.ends_at - timedelta(hours=12)
    quick.yookassa.faults.append(Fault.LOST_ANSWER)
    await renewals_of(quick.cashier.till).round()
    await quick.subscriptions.cancel(anna)
    await quick.lives(hours=2)
    assert quick.charged == ["succeeded"] * 2
    assert list((await quick.sent_back()).values()) == [30_000]
    assert await quick.facts() == ["renewal_soon", "money_back"]
    await quick.cashier.is_sound()


async def test_a_card_taken_back_is_not_charged(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    assert begun.method is not None
    await quick.methods.unlink(anna, begun.method.id)
    assert await quick.methods.of(anna) == []
    left = await quick.of(anna)
    assert (left.auto_renew, left.ends_at) == (False, begun.ends_at)
    with pytest.raises(CannotResume):
        await quick.subscriptions.resume(anna)
    await quick.lives(days=40)
    assert quick.charged == ["succeeded"]
    await quick.cashier.is_sound()


async def test_declined_for_want_of_money_and_paid_on_the_second_day(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    quick.yookassa.declines.extend(["insufficient_funds"])
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    await quick.jumps_to(begun.ends_at - timedelta(hours=12))
    await quick.lives(hours=11)
    assert (await quick.of(anna)).decline_reason == "insufficient_funds"
    assert quick.charged == ["succeeded", "canceled"]
    await quick.lives(hours=6)
    assert (await quick.of(anna)).status == SubscriptionStatus.PAST_DUE
    await quick.lives(hours=24)
    paid = await quick.of(anna)
    assert (paid.status, paid.number, paid.decline_reason) == (SubscriptionStatus.ACTIVE, 2, None)
    assert paid.starts_at == begun.ends_at + timedelta(hours=12), "days without service are not sold"
    assert await quick.facts() == ["renewal_soon", "declined", "renewed"]
    await quick.cashier.is_sound()


@pytest.mark.parametrize(
    ("reason", "tries", "state"),
    [
        ("permission_revoked", 1, MethodState.REFUSED),
        ("3d_secure_failed", 1, MethodState.ACTIVE),
        ("insufficient_funds", 4, MethodState.ACTIVE),
        ("issuer_unavailable", 6, MethodState.ACTIVE),
        ("a word of next year", 4, MethodState.ACTIVE),
    ],
)
async def test_each_decline(quick: PlanShop, reason: str, tries: int, state: MethodState) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    quick.yookassa.declines.extend([reason] * 20)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    await quick.lives(days=6)
    charges = [each for each in quick.yookassa.payments.values() if each.status == "canceled"]
    assert len(charges) == tries
    made = [each.created_at for each in charges if each.created_at is not None]
    assert all(later - first >= timedelta(hours=24) for first, later in zip(made, made[2:], strict=False))
    assert (await quick.row(anna)).status == SubscriptionStatus.EXPIRED
    assert (await quick.facts())[-1] == "ended"
    assert [each.state for each in await quick.methods.of(anna)] == [state]
    await quick.cashier.is_sound()


async def test_receipts_are_sent_by_now_and_there_is_no_address(quick: PlanShop) -> None:
    """Nothing is charged without one; owners see why."""
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    quick.cashier.restart(replace(MERCHANT, vat_code=1))
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    await quick.lives(days=1)
    assert quick.charged == ["succeeded"]
    assert await quick.facts() == ["renewal_soon", "declined", "past_due"]
    assert await PlanReports(quick.cashier.db, quick.clock).failure_reasons() == [("email_needed", 1)]
    await Users(quick.cashier.db, quick.clock, welcome_credits=0).set_email(anna, "anna@example.com")
    await quick.lives(hours=1)
    assert quick.charged == ["succeeded"] * 2
    assert (await quick.of(anna)).number == 2
    assert await quick.facts() == ["renewal_soon", "declined", "past_due", "renewed"]
    await quick.cashier.is_sound()


async def test_receipts_are_switched_off_again(quick: PlanShop) -> None:
    """No address is needed for the charge any more."""
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    quick.cashier.restart(replace(MERCHANT, vat_code=1))
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    await quick.lives(days=1)
    assert (await quick.of(anna)).decline_reason == "email_needed"
    quick.cashier.restart(MERCHANT)
    await quick.lives(hours=1)
    assert (quick.charged, (await quick.of(anna)).number) == (["succeeded"] * 2, 2)
    await quick.cashier.is_sound()


async def test_past_due_it_is_paid_by_hand(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    quick.yookassa.declines.append("card_expired")
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    await quick.lives(hours=30)
    late = await quick.of(anna)
    assert (late.status, late.auto_renew, late.allowances) == (SubscriptionStatus.PAST_DUE, False, ())
    await quick.pays(await quick.begins(anna, plus))
    paid = await quick.of(anna)
    assert (paid.id, paid.number, paid.status, paid.auto_renew) == (begun.id, 2, SubscriptionStatus.ACTIVE, True)
    with pytest.raises(AlreadySubscribed):
        await quick.begins(anna, plus)
    await quick.lives(days=32)
    assert (await quick.of(anna)).number == 3, "the new card is charged"
    await quick.cashier.is_sound()


@pytest.mark.parametrize("first", [0, 1])
async def test_another_way_is_chosen_while_a_page_is_open(shop: PlanShop, first: int) -> None:
    """Whichever page is paid first buys the period; the other one's money goes back."""
    anna, plus = await shop.cashier.customer(), await shop.sells()
    await shop.subscribes(anna, plus, consent=False)
    await shop.lives(days=29)
    pages = [await shop.begins(anna, plus) for _ in range(2)]
    given_up = await shop.cashier.payments.get(pages[0].id)
    assert (given_up.status, given_up.cancel_reason) == (PaymentStatus.CANCELED, "replaced")
    await shop.pays(pages[first])
    assert (await shop.of(anna)).number == 2
    await shop.pays(pages[1 - first])
    await shop.lives(hours=1)
    assert await shop.sent_back() == {pages[1 - first].id: 30_000}
    assert (await shop.of(anna)).number == 2
    await shop.cashier.is_sound()


async def test_a_page_whose_money_is_held_is_waited_for(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    await quick.subscribes(anna, plus, consent=False)
    await quick.lives(days=29)
    page = await quick.begins(anna, plus)
    held = update(payments).where(payments.c.id == page.id).values(status=PaymentStatus.WAITING_FOR_CAPTURE)
    await quick.cashier.db.write(lambda session: session.execute(held) and None)
    with pytest.raises(RenewalUnderWay):
        await quick.begins(anna, plus)


async def test_two_checkouts_paid(shop: PlanShop) -> None:
    anna, plus = await shop.cashier.customer(), await shop.sells()
    one, other = await shop.begins(anna, plus), await shop.begins(anna, plus)
    await shop.pays(one)
    await shop.pays(other)
    await shop.cashier.is_sound()
    await shop.lives(hours=1)
    assert await shop.sent_back() == {other.id: 30_000}
    assert len(await shop.periods(anna)) == 1
    await shop.cashier.is_sound()


async def test_the_shop_sleeps_for_months(quick: PlanShop) -> None:
    """Nobody is charged for a period long after they were served."""
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    await quick.jumps_to(begun.ends_at + timedelta(days=90))
    assert quick.charged == ["succeeded"]
    assert (await quick.row(anna)).status == SubscriptionStatus.EXPIRED


async def test_the_provider_is_silent_for_two_days(quick: PlanShop) -> None:
    """An answer that did not come is asked for; nothing is charged anew while it may be there."""
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    quick.clock.now = begun.ends_at - timedelta(hours=12)
    quick.yookassa.faults.extend([Fault.LOST_ANSWER, *[Fault.LOST] * 200])
    await quick.lives(days=2)
    assert quick.charged == ["succeeded"] * 2
    quick.yookassa.faults.clear()
    await quick.lives(hours=2)
    paid = await quick.of(anna)
    assert (paid.status, paid.number) == (SubscriptionStatus.ACTIVE, 2)
    assert quick.charged == ["succeeded"] * 2
    await quick.cashier.is_sound()


async def test_a_charge_that_never_arrived_is_made_again(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    quick.clock.now = begun.ends_at - timedelta(hours=12)
    quick.yookassa.faults.append(Fault.LOST)
    await quick.lives(hours=3)
    assert quick.charged == ["succeeded"] * 2
    assert (await quick.of(anna)).number == 2
    await quick.cashier.is_sound()


async def test_a_card_that_was_kept_at_another_shop_is_not_charged_here(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    begun = await quick.subscribes(anna, plus)
    await quick.jumps_to(begun.ends_at - timedelta(hours=24))
    quick.clock.now = begun.ends_at - timedelta(hours=12)
    quick.yookassa.faults.append(Fault.LOST)
    await renewals_of(quick.cashier.till).round()
    await quick.cashier.db.write(lambda session: session.execute(update(methods).values(provider_shop_id="another")))
    await quick.lives(days=5)
    assert quick.charged == ["succeeded"]
    assert (await quick.row(anna)).status == SubscriptionStatus.EXPIRED
    await quick.cashier.is_sound()


async def test_a_payment_of_which_nothing_is_heard_holds_up_the_end_for_a_day(quick: PlanShop) -> None:
    anna, plus = await quick.cashier.customer(), await quick.sells()
    ends_at = (await quick.subscribes(anna, plus, consent=False)).ends_at
    await quick.jumps_to(ends_at + timedelta(days=2))
    page = await quick.begins(anna, plus)
    quick.cashier.restart(replace(MERCHANT, shop_id="another"))  # of whose payments nobody can ask
    await quick.jumps_to(ends_at + timedelta(days=3, hours=1))
    assert (await quick.row(anna)).status == SubscriptionStatus.PAST_DUE
    await quick.jumps_to(ends_at + timedelta(days=4, minutes=1))
    assert (await quick.row(anna)).status == SubscriptionStatus.EXPIRED
    quick.cashier.restart()
    await quick.pays(page)
    assert (await quick.of(anna)).status is SubscriptionStatus.ACTIVE
    await quick.cashier.is_sound()
