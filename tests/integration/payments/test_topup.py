"""From a wish to credits: our row first, then the provider; what it says later decides."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import update

from db.base import table_of
from db.tables.payments import PaymentStatus
from db.tables.users import User
from services.billing import ledger
from services.money import AmountOutOfBounds, rub
from services.notifications.message_ref import MessageRef
from services.payments.applied import Applied
from services.payments.order import receipt_for
from services.payments.packages import PackageGone, PackageOffer, Packages
from services.payments.providers.base import NotAuthorized, Refused, ResultUnknown
from services.payments.queries import PaymentNotFound
from services.payments.settlement import PaymentChange
from services.payments.topup import EmailNeeded
from services.plans.discounts import discount_of
from services.users.actor import Actor
from services.users.roles import Staff
from tests.support.faults import Crash, Fault
from tests.support.tills import MERCHANT, OWNER, RETURN_URL, Cashier


async def test_a_payment_is_credited_when_the_provider_says_so(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.begins(anna, 19_99, shown_in=MessageRef(chat_id=5, message_id=6))
    assert payment.status is PaymentStatus.PENDING
    assert payment.confirmation_url is not None
    assert await cashier.balance(anna) == 0
    cashier.yookassa.pay(payment.provider_payment_id or "")
    await cashier.notified()
    paid = await cashier.payments.get(payment.id)
    assert (paid.status, paid.paid_at) == (PaymentStatus.SUCCEEDED, cashier.clock())
    assert await cashier.balance(anna) == 199  # 19.99 roubles at 10.00: rounded down
    assert await cashier.notifications("payment") == [{"payment_id": payment.id.hex, "fact": "succeeded"}]
    assert cashier.news
    await cashier.is_sound()


async def test_a_clock_that_is_behind_shortens_no_term(cashier: Cashier) -> None:
    """The money came a year after the time that our machine tells: credits live from then."""
    anna = await cashier.customer()
    offer = PackageOffer(title={"ru": "Сотня", "en": "A hundred"}, credits=100_00, price=rub(500_00), valid_days=30)
    packages = Packages(cashier.db, cashier.clock, Staff((OWNER,)), discount_of)
    package = await packages.create(offer, actor=Actor.system())
    payment = await cashier.begins(anna, None, package_id=package.id)
    paid_at = cashier.clock.advance(days=400)
    cashier.yookassa.pay(payment.provider_payment_id or "")
    cashier.clock.advance(days=-400)
    await cashier.notified()
    paid = await cashier.payments.get(payment.id)
    assert (paid.status, paid.paid_at) == (PaymentStatus.SUCCEEDED, paid_at)
    cashier.clock.advance(days=429)
    assert await cashier.db.write(ledger.expire, now=cashier.clock()) == 0
    assert await cashier.balance(anna) == 100_00
    await cashier.is_sound()


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("ru", ["Кредиты для предсказаний: 30.00", "Сотня: 100.00 кредитов"]),
        ("en", ["Credits for predictions: 30.00", "A hundred: 100.00 credits"]),
        ("de", ["Credits for predictions: 30.00", "A hundred: 100.00 credits"]),
    ],
)
async def test_the_checkout_speaks_the_customers_language(cashier: Cashier, language: str, shown: list[str]) -> None:
    """Receipts are Russian, as the law wants them; a repeat says the same, whatever the language is by then."""
    john = await cashier.customer()
    users = table_of(User)
    speaks = update(users).where(users.c.id == john)
    await cashier.db.write(lambda session: session.execute(speaks.values(language=language)) and None)
    offer = PackageOffer(title={"ru": "Сотня", "en": "A hundred"}, credits=100_00, price=rub(500_00), valid_days=30)
    package = await Packages(cashier.db, cashier.clock, Staff((OWNER,)), discount_of).create(
        offer, actor=Actor.system()
    )
    amount, bundle = await cashier.begins(john), await cashier.begins(john, None, package_id=package.id)
    await cashier.db.write(lambda session: session.execute(speaks.values(language="ru")) and None)
    await cashier.till.topup.repeat(amount)
    assert [cashier.yookassa.by_our_id(each.id).description for each in (amount, bundle)] == shown
    law = replace(MERCHANT, vat_code=1)
    receipts = [receipt_for(replace(each, receipt_email="john@example.com"), law) for each in (amount, bundle)]
    assert [each and each.description for each in receipts] == [
        "Кредиты для предсказаний: 30.00",
        "Сотня: 100.00 кредитов",
    ]


async def test_twenty_deliveries_at_once_credit_once(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.begins(anna)
    remote_id = payment.provider_payment_id or ""
    cashier.yookassa.pay(remote_id)

    async def delivered() -> None:
        await cashier.delivers("payment.succeeded", remote_id)
        await cashier.till.events.handle_due()

    await asyncio.gather(*(delivered() for _ in range(20)))
    assert await cashier.credited(payment.id) == [3000]
    assert await cashier.facts() == ["succeeded"]
    await cashier.is_sound()


async def test_twenty_looks_at_once_credit_once(cashier: Cashier) -> None:
    """Not even where the notifications' own table would let them all through."""
    anna = await cashier.customer()
    payment = await cashier.begins(anna)
    cashier.yookassa.pay(payment.provider_payment_id or "")
    looks = await asyncio.gather(*(cashier.till.settlement.check(payment) for _ in range(20)))
    assert sorted(looks) == [Applied.CREDITED] + [Applied.UNCHANGED] * 19
    assert await cashier.credited(payment.id) == [3000]
    await cashier.is_sound()


async def test_a_package_brings_its_credits_until_their_end(cashier: Cashier) -> None:
    packages = Packages(cashier.db, cashier.clock, Staff((OWNER,)), discount_of)
    offer = PackageOffer(title={"ru": "Сотня", "en": "A hundred"}, credits=100_00, price=rub(500_00), valid_days=30)
    package = await packages.create(offer, actor=Actor.system())
    anna = await cashier.customer()
    payment = await cashier.begins(anna, None, package_id=package.id)
    await packages.edit(package.id, replace(offer, credits=1), actor=Actor.system())  # too late for this payment
    cashier.clock.advance(minutes=5)
    cashier.yookassa.pay(payment.provider_payment_id or "")
    await cashier.notified()
    assert await cashier.lots(anna) == [(100_00, cashier.clock() + timedelta(days=30))]
    await packages.enable(package.id, enabled=False, actor=Actor.system())
    with pytest.raises(PackageGone):
        await cashier.begins(anna, None, package_id=package.id)


@pytest.mark.parametrize("kopecks", [0, -5_00, 99, 350_000_01])
async def test_amounts_out_of_bounds(quick: Cashier, kopecks: int) -> None:
    with pytest.raises(AmountOutOfBounds) as refused:
        await quick.begins(await quick.customer(), kopecks)
    assert refused.value.params["low"] == "1"
    assert refused.value.params["high"] == "350\u00a0000"
    assert quick.yookassa.calls == []


async def test_one_decision_is_one_payment(cashier: Cashier) -> None:
    anna, wish = await cashier.customer(), uuid4()
    payments = await asyncio.gather(*(cashier.begins(anna, id=wish) for _ in range(5)))
    assert len({payment.id for payment in payments}) == len(cashier.yookassa.payments) == 1
    with pytest.raises(PaymentNotFound):
        await cashier.begins(await cashier.customer(), id=wish)


async def test_a_receipt_needs_an_address(quick: Cashier) -> None:
    quick.restart(replace(MERCHANT, vat_code=1))
    anna = await quick.customer()
    with pytest.raises(EmailNeeded):
        await quick.begins(anna, email=None)
    assert (await quick.begins(anna)).receipt_email == "anna@example.com"
    quick.restart(MERCHANT)
    assert (await quick.begins(anna)).receipt_email is None


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LOST_ANSWER])
async def test_a_lost_create_goes_on_and_its_link_comes_in_a_message(cashier: Cashier, fault: Fault) -> None:
    anna = await cashier.customer()
    cashier.yookassa.faults.append(fault)
    with pytest.raises(ResultUnknown):
        await cashier.begins(anna)
    payment = (await cashier.payments.of_user(anna)).items[0]
    assert (payment.status, payment.confirmation_url) == (PaymentStatus.PENDING, None)
    cashier.clock.advance(minutes=1)
    await cashier.till.reconciler.round()
    payment = await cashier.payments.get(payment.id)
    assert payment.confirmation_url is not None
    assert len(cashier.yookassa.payments) == 1
    assert await cashier.facts() == ["ready"]
    cashier.yookassa.pay(payment.provider_payment_id or "")
    await cashier.notified()
    assert await cashier.credited(payment.id) == [3000]


@pytest.mark.parametrize("fault", [Fault.CRASH, Fault.CRASH_AFTER])
async def test_a_crash_around_create(cashier: Cashier, fault: Fault) -> None:
    anna = await cashier.customer()
    cashier.yookassa.faults.append(fault)
    with pytest.raises(Crash):
        await cashier.begins(anna)
    cashier.restart()
    cashier.clock.advance(minutes=1)
    await cashier.till.reconciler.round()
    payment = (await cashier.payments.of_user(anna)).items[0]
    assert payment.return_url == RETURN_URL
    assert payment.confirmation_url is not None
    assert len(cashier.yookassa.payments) == 1


async def test_after_a_day_without_an_answer_the_payment_is_closed_not_repeated(cashier: Cashier) -> None:
    anna = await cashier.customer()
    cashier.yookassa.faults.append(Fault.LOST_ANSWER)
    with pytest.raises(ResultUnknown):
        await cashier.begins(anna)
    cashier.clock.advance(hours=23, minutes=30)
    await cashier.till.reconciler.round()
    payment = (await cashier.payments.of_user(anna)).items[0]
    assert (payment.status, payment.cancel_reason) == (PaymentStatus.CANCELED, "no_answer")
    assert len(cashier.yookassa.payments) == 1
    assert await cashier.facts() == ["canceled"]
    # And should its link have reached somebody all the same:
    cashier.yookassa.pay(cashier.yookassa.by_our_id(payment.id).id)
    await cashier.notified()
    assert await cashier.credited(payment.id) == [3000]
    assert await cashier.facts() == ["canceled", "succeeded"]
    await cashier.is_sound()


async def test_a_refused_create_is_told_at_once_and_not_again(quick: Cashier) -> None:
    anna, wish = await quick.customer(), uuid4()
    quick.yookassa.faults.append(Fault.LOST_ANSWER)
    with pytest.raises(ResultUnknown):
        await quick.begins(anna, id=wish)
    payment = await quick.payments.get(wish)
    quick.yookassa._keys[str(payment.id)] = (quick.clock(), "another body", "x")
    with pytest.raises(Refused):
        await quick.begins(anna, id=wish)
    assert (await quick.payments.get(wish)).status is PaymentStatus.CANCELED
    assert await quick.facts() == []


async def test_a_wrong_key_closes_the_payment_and_tells_the_owners_once_a_day(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    anna = await quick.customer()
    for day in range(2):
        for _ in range(2):
            quick.yookassa.faults.append(Fault.KEY)
            with pytest.raises(NotAuthorized):
                await quick.begins(anna)
        assert await quick.problems() == ["not_authorized"] * (day + 1)
        quick.clock.advance(days=1)
    payment = (await quick.payments.of_user(anna)).items[0]
    assert (payment.status, payment.cancel_reason) == (PaymentStatus.CANCELED, "invalid_credentials")


async def test_a_provider_that_makes_another_payment_gets_no_customer(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    quick.yookassa.test = False
    with pytest.raises(Refused):
        await quick.begins(await quick.customer())
    assert await quick.problems() == ["payment_mismatch"]
    payment = (await quick.payments.latest()).items[0]
    assert (payment.status, payment.confirmation_url) == (PaymentStatus.CANCELED, None)


async def test_money_that_waits_is_captured(cashier: Cashier) -> None:
    cashier.yookassa.holds = True
    anna = await cashier.customer()
    payment = await cashier.begins(anna)
    cashier.yookassa.pay(payment.provider_payment_id or "")
    await cashier.notified()
    assert await cashier.credited(payment.id) == [3000]
    assert cashier.yookassa.calls.count("capture") == 1


@pytest.mark.parametrize("fault", [Fault.CRASH, Fault.CRASH_AFTER])
async def test_a_crash_around_capture(cashier: Cashier, fault: Fault) -> None:
    cashier.yookassa.holds = True
    payment = await cashier.begins(await cashier.customer())
    cashier.yookassa.pay(payment.provider_payment_id or "")
    cashier.yookassa.faults.extend([None, fault])
    with pytest.raises(Crash):
        await cashier.till.settlement.check(payment)
    cashier.restart()
    cashier.clock.advance(minutes=1)
    round_ = await cashier.till.reconciler.round()
    assert round_.payments == [PaymentChange(payment_id=payment.id, applied=Applied.CREDITED)]
    assert await cashier.credited(payment.id) == [3000]


async def test_a_late_success_is_found_without_a_notification(cashier: Cashier) -> None:
    anna = await cashier.customer()
    payment = await cashier.begins(anna)
    remote_id = payment.provider_payment_id or ""
    cashier.yookassa.cancel(remote_id)
    cashier.clock.advance(minutes=1)
    await cashier.till.reconciler.round()
    canceled = await cashier.payments.get(payment.id)
    assert (canceled.status, canceled.cancel_reason) == (PaymentStatus.CANCELED, "expired_on_confirmation")
    cashier.yookassa.pay(remote_id)
    cashier.yookassa.notifications.clear()
    cashier.clock.advance(hours=1)
    await cashier.till.reconciler.round()
    assert await cashier.credited(payment.id) == [3000]
    assert await cashier.facts() == ["canceled", "succeeded"]
    assert (await cashier.payments.get(payment.id)).cancel_reason is None


async def test_a_canceled_payment_is_looked_at_twice_and_left(quick: Cashier) -> None:
    payment = await quick.begins(await quick.customer())
    quick.yookassa.cancel(payment.provider_payment_id or "")
    await quick.notified()
    quick.yookassa.calls.clear()
    for _ in range(10):
        quick.clock.advance(hours=12)
        await quick.till.reconciler.round()
    assert [call for call in quick.yookassa.calls if call != "list"] == ["get", "get"]


async def test_pauses_grow_until_the_provider_says_a_final_word(quick: Cashier) -> None:
    await quick.begins(await quick.customer())
    quick.yookassa.calls.clear()
    asked = []
    for minute in range(6 * 60):
        quick.clock.advance(minutes=1)
        await quick.till.reconciler.round()
        if "get" in quick.yookassa.calls:
            asked.append(minute + 1)
            quick.yookassa.calls.clear()
    assert asked[:4] == [1, 2, 3, 4]
    assert 10 <= len(asked) <= 15
    assert all(60 <= later - earlier <= 61 for earlier, later in zip(asked[-4:], asked[-3:], strict=False))


async def test_a_payment_that_the_provider_forgot_is_closed_after_a_day(quick: Cashier) -> None:
    payment = await quick.begins(await quick.customer())
    quick.yookassa.payments.clear()
    quick.clock.advance(hours=1)
    await quick.till.reconciler.round()
    assert (await quick.payments.get(payment.id)).status is PaymentStatus.PENDING
    quick.clock.advance(hours=24)
    await quick.till.reconciler.round()
    forgotten = await quick.payments.get(payment.id)
    assert (forgotten.status, forgotten.cancel_reason) == (PaymentStatus.CANCELED, "unknown_to_provider")


async def test_i_have_paid(quick: Cashier) -> None:
    anna, john = await quick.customer(), await quick.customer()
    payment = await quick.begins(anna)
    assert (await quick.till.settlement.ask(payment.id, user_id=anna)).status is PaymentStatus.PENDING
    quick.yookassa.pay(payment.provider_payment_id or "")
    with pytest.raises(PaymentNotFound):
        await quick.till.settlement.ask(payment.id, user_id=john)
    quick.yookassa.faults.append(Fault.LOST)
    with pytest.raises(ResultUnknown):
        await quick.till.settlement.ask(payment.id, user_id=anna)
    assert (await quick.till.settlement.ask(payment.id, user_id=anna)).status is PaymentStatus.SUCCEEDED
    calls = len(quick.yookassa.calls)
    await quick.till.settlement.ask(payment.id, user_id=anna)
    assert len(quick.yookassa.calls) == calls  # a final word is not asked for again


async def test_payments_of_a_user_and_of_all(quick: Cashier) -> None:
    anna, john = await quick.customer(), await quick.customer()
    for n in range(3):
        quick.clock.advance(minutes=1)
        await quick.begins(anna, (n + 1) * 100_00)
    quick.clock.advance(minutes=1)
    last = await quick.begins(john)
    page = await quick.payments.of_user(anna, 9, size=2)
    assert ([each.amount.minor for each in page.items], page.page, page.pages) == ([100_00], 1, 2)
    assert [each.user_id for each in (await quick.payments.latest(size=2)).items] == [john, anna]
    assert await quick.payments.find(f" {last.id} ") == last
    assert await quick.payments.find(last.id.hex) == last
    assert await quick.payments.find(last.provider_payment_id or "") == last
    assert await quick.payments.find("nothing") is None
    with pytest.raises(PaymentNotFound):
        await quick.payments.get(last.id, user_id=anna)
