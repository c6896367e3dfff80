"""Stars: the question before the money, the money, its way back, and what Telegram's list knows that nobody told."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from services.money import Money, rub
from services.payments.packages import PackageOffer, Packages
from services.payments.providers.base import NeedsTelegram, ResultUnknown
from services.payments.providers.stars.gateway import NAME
from services.payments.providers.stars.question import (
    InvoiceChanged,
    InvoiceOfAnother,
    InvoiceOver,
    InvoicePaid,
    InvoiceUnknown,
    PreCheckout,
)
from services.payments.providers.stars.service import StarsPayments, StarsReceived
from services.payments.queries import PaymentView
from services.payments.refunds.begin import RefundRequest, StarsGoBackWhole
from services.payments.service import Payments
from services.payments.strays import StrayGone, Strays
from services.payments.topup import TopUpRequest
from services.plans.discounts import discount_of
from services.users.roles import NotAllowed, Staff
from tests.support.shop import add_outsider
from tests.support.stars import GONE, FakeStars
from tests.support.stars_till import open_stars_till
from tests.support.tills import OWNER, Cashier

ANNA, JOHN = 501, 502
NOT_OURS = "6bdbfc58-c480-4198-8ac5-ad6ff39fda17"


@dataclass(slots=True, kw_only=True)
class Shop:
    cashier: Cashier
    telegram: FakeStars
    till: Payments
    stars: StarsPayments
    strays: Strays
    anna: int

    async def begins(self, **more: Any) -> PaymentView:  # Any: as TopUpRequest takes it
        given = {"amount": stars(100), "email": None, "return_url": "", "user_id": self.anna, **more}
        return await self.till.topup.start(TopUpRequest(provider=NAME, **given))

    async def asks(self, payment: PaymentView, payer: int = ANNA, amount: Money | None = None) -> None:
        await self.stars.may_pay(PreCheckout(payload=str(payment.id), payer_id=payer, amount=amount or payment.amount))

    def pays(self, payment: PaymentView, payer: int = ANNA, count: int | None = None) -> StarsReceived:
        return self.telegram.pays(payer, str(payment.id), count or payment.amount.minor)

    async def paid(self, **more: Any) -> tuple[PaymentView, StarsReceived]:  # Any: as above
        payment = await self.begins(**more)
        money = self.pays(payment)
        await self.stars.received(money)
        return payment, money

    async def stands(self, payment: PaymentView) -> PaymentView:
        return await self.cashier.payments.get(payment.id)

    async def balance(self) -> int:
        return await self.cashier.balance(self.anna)

    async def sends_back(self, payment: PaymentView, count: int) -> None:
        wish = RefundRequest(
            id=uuid4(), payment_id=payment.id, amount=stars(count), actor=await self.cashier.owner(), reason="asked"
        )
        await self.till.refunds.start(wish)

    def reopens(self) -> None:
        """Another process over the same database."""
        self.till, self.stars, self.strays = open_stars_till(self.cashier, self.telegram)


def stars(count: int) -> Money:
    return Money(count, Currency.XTR)


@pytest.fixture
async def shop(cashier: Cashier) -> Shop:
    telegram = FakeStars(clock=cashier.clock)
    till, received, strays = open_stars_till(cashier, telegram)
    await cashier.owner()
    anna = await cashier.customer(telegram_id=ANNA)
    await till.reconciler.round(everything=True)  # of a shop that runs: what comes later is its own
    cashier.clock.advance(minutes=5)
    return Shop(cashier=cashier, telegram=telegram, till=till, stars=received, strays=strays, anna=anna)


# An invoice


async def test_its_row_comes_first_and_its_id_goes_with_it(shop: Shop) -> None:
    payment = await shop.begins()
    [invoice] = shop.telegram.invoices
    assert (invoice.payload, invoice.stars, invoice.subscription) == (str(payment.id), 100, False)
    assert 0 < len(invoice.title) <= 32
    assert (payment.provider_payment_id, payment.confirmation_url) == (str(payment.id), "https://t.me/$invoice1")
    assert payment.credits == 13_00


async def test_a_package_costs_as_many_stars_as_roubles_rounded_up(shop: Shop) -> None:
    package = await sells(shop, price=99_00)
    payment = await shop.begins(amount=None, package_id=package)
    assert (payment.amount, payment.credits) == (stars(77), 12_00)  # 99.00 / 1.30 = 76.15…


async def test_who_has_no_telegram_is_told_so(shop: Shop) -> None:
    user = await shop.cashier.db.write(add_outsider)
    with pytest.raises(NeedsTelegram):
        await shop.begins(user_id=user)
    [payment] = (await shop.cashier.payments.of_user(user)).items
    assert payment.status is PaymentStatus.CANCELED


# The question before the money


async def test_the_orderer_may_pay_once(shop: Shop) -> None:
    payment = await shop.begins()
    await shop.asks(payment)
    await shop.stars.received(shop.pays(payment))
    with pytest.raises(InvoicePaid):
        await shop.asks(payment)


async def test_nobody_else_may(shop: Shop) -> None:
    await shop.cashier.customer(telegram_id=JOHN)
    with pytest.raises(InvoiceOfAnother):
        await shop.asks(await shop.begins(), payer=JOHN)


async def test_nor_for_another_sum(shop: Shop) -> None:
    payment = await shop.begins()
    for other in (stars(99), rub(100), Money(100, "EUR")):
        with pytest.raises(InvoiceChanged):
            await shop.asks(payment, amount=other)


async def test_nor_after_an_hour(shop: Shop) -> None:
    payment = await shop.begins()
    shop.cashier.clock.advance(minutes=61)
    with pytest.raises(InvoiceOver):
        await shop.asks(payment)


@pytest.mark.parametrize("payload", ["", "balance_topup_100", NOT_OURS, "\x00", "x" * 128])
async def test_nor_an_invoice_that_is_not_the_shops(shop: Shop, payload: str) -> None:
    with pytest.raises(InvoiceUnknown):
        await shop.stars.may_pay(PreCheckout(payload=payload, payer_id=ANNA, amount=stars(100)))


async def test_nor_one_of_another_provider(shop: Shop) -> None:
    payment = await shop.till.topup.start(
        TopUpRequest(user_id=shop.anna, email=None, return_url="", amount=rub(300_00), provider="yookassa")
    )
    with pytest.raises(InvoiceUnknown):
        await shop.asks(payment)


async def test_a_package_that_is_gone_or_costs_more_by_now(shop: Shop) -> None:
    packages, owner = (
        Packages(shop.cashier.db, shop.cashier.clock, Staff((OWNER,)), discount_of),
        await shop.cashier.owner(),
    )
    number = await sells(shop, price=99_00)
    payment = await shop.begins(amount=None, package_id=number)
    await shop.asks(payment)
    offer = await packages.get(number)
    await packages.edit(number, replace(offer, price=rub(120_00)), actor=owner)
    with pytest.raises(InvoiceChanged):
        await shop.asks(payment)
    await packages.edit(number, replace(offer, price=rub(99_00)), actor=owner)
    await shop.asks(payment)
    await packages.enable(number, enabled=False, actor=owner)
    with pytest.raises(InvoiceChanged):
        await shop.asks(payment)


# The money


async def test_it_is_credited_once_however_often_it_is_told(shop: Shop) -> None:
    payment, money = await shop.paid()
    for _ in range(2):
        await shop.stars.received(money)
    shop.reopens()
    await shop.stars.received(money)
    await shop.till.reconciler.round(everything=True)
    paid = await shop.stands(payment)
    assert (paid.status, paid.charge_id, paid.payer_id) == (PaymentStatus.SUCCEEDED, money.charge_id, ANNA)
    assert await shop.balance() == 13_00
    assert await shop.cashier.problems() == []
    await shop.cashier.is_sound()


async def test_an_unpaid_invoice_ends_and_money_that_comes_late_counts(shop: Shop) -> None:
    payment = await shop.begins()
    shop.cashier.clock.advance(minutes=30)
    assert (await shop.till.settlement.ask(payment.id)).is_open
    shop.cashier.clock.advance(minutes=33)
    ended = await shop.till.settlement.ask(payment.id)
    assert (ended.status, ended.cancel_reason) == (PaymentStatus.CANCELED, "expired_on_confirmation")
    await shop.stars.received(shop.pays(payment))
    assert await shop.balance() == 13_00
    await shop.cashier.is_sound()


async def test_a_second_payment_of_one_invoice_is_kept_and_sent_back(shop: Shop) -> None:
    payment, _ = await shop.paid()
    again = shop.pays(payment)
    for _ in range(2):
        await shop.stars.received(again)
    assert await shop.balance() == 13_00
    assert await shop.cashier.problems() == ["stray"]
    await goes_back(shop, again)


@pytest.mark.parametrize("payload", ["of another program", NOT_OURS, "\x00" * 9])
async def test_money_for_an_unknown_payload(shop: Shop, payload: str) -> None:
    money = shop.telegram.pays(JOHN, payload, 50)
    await shop.stars.received(money)
    assert await shop.cashier.problems() == ["stray"]
    await goes_back(shop, money)


async def test_money_of_another_amount(shop: Shop) -> None:
    payment = await shop.begins()
    money = shop.pays(payment, count=1)
    await shop.stars.received(money)
    assert (await shop.stands(payment)).is_open
    assert await shop.balance() == 0
    await goes_back(shop, money)


async def test_who_may_not_send_it_back(shop: Shop) -> None:
    await shop.stars.received(shop.telegram.pays(JOHN, "?", 50))
    stray = await the_stray(shop)
    with pytest.raises(NotAllowed):
        await shop.strays.send_back(stray, actor=replace(await shop.cashier.owner(), user_id=shop.anna))
    with pytest.raises(StrayGone):
        await shop.strays.send_back(stray + 1, actor=await shop.cashier.owner())


async def test_telegram_is_away_while_it_is_sent_back(shop: Shop) -> None:
    money = shop.telegram.pays(JOHN, "?", 50)
    await shop.stars.received(money)
    shop.telegram.away = GONE
    with pytest.raises(ResultUnknown):
        await shop.strays.send_back(await the_stray(shop), actor=await shop.cashier.owner())
    shop.telegram.away = None
    await goes_back(shop, money)


# Its way back


async def test_owners_send_it_back_as_a_whole(shop: Shop) -> None:
    payment, money = await shop.paid()
    with pytest.raises(StarsGoBackWhole):
        await shop.sends_back(payment, 40)
    await shop.sends_back(payment, 100)
    assert [each.id for each in shop.telegram.ledger if not each.incoming] == [money.charge_id]
    await shop.stars.went_back(money)  # Telegram tells of it, too
    await shop.till.reconciler.round(everything=True)
    assert await shop.balance() == 0
    assert [str(each.status) for each in await shop.cashier.payments.refunds(payment.id)] == ["succeeded"]
    await shop.cashier.is_sound()


async def test_a_refund_without_an_answer_is_made_once(shop: Shop) -> None:
    payment, money = await shop.paid()
    shop.telegram.away = GONE
    with pytest.raises(ResultUnknown):
        await shop.sends_back(payment, 100)
    shop.telegram.away = None
    shop.telegram.sends_back(money.charge_id)  # it had gone through
    shop.cashier.clock.advance(minutes=2)
    await shop.till.reconciler.round()
    assert await shop.balance() == 0
    assert [str(each.status) for each in await shop.cashier.payments.refunds(payment.id)] == ["succeeded"]
    await shop.cashier.is_sound()


async def test_money_that_goes_back_while_owners_send_it_is_one_refund(shop: Shop) -> None:
    payment, money = await shop.paid()
    shop.telegram.away = GONE
    with pytest.raises(ResultUnknown):
        await shop.sends_back(payment, 100)
    shop.telegram.away = None
    shop.telegram.sends_back(money.charge_id)
    await shop.stars.went_back(money)  # before the answer is asked for again
    shop.cashier.clock.advance(minutes=2)
    await shop.till.reconciler.round()
    assert [str(each.status) for each in await shop.cashier.payments.refunds(payment.id)] == ["succeeded"]
    await shop.cashier.is_sound()


async def test_a_chargeback_takes_the_credits_back(shop: Shop) -> None:
    payment, money = await shop.paid()
    shop.telegram.sends_back(money.charge_id)
    shop.cashier.clock.advance(hours=2)
    await shop.till.reconciler.round()
    assert await shop.balance() == 0
    [refund] = await shop.cashier.payments.refunds(payment.id)
    assert refund.actor_user_id is None
    await shop.cashier.is_sound()


async def test_a_refund_that_overtakes_its_payment(shop: Shop) -> None:
    payment = await shop.begins()
    money = shop.pays(payment)
    shop.telegram.sends_back(money.charge_id)
    await shop.stars.went_back(money)
    await shop.stars.received(money)
    assert await shop.balance() == 0
    assert [str(each.status) for each in await shop.cashier.payments.refunds(payment.id)] == ["succeeded"]
    await shop.cashier.is_sound()


async def test_a_stray_that_went_back_by_itself(shop: Shop) -> None:
    money = shop.telegram.pays(JOHN, "?", 50)
    await shop.stars.received(money)
    await shop.stars.went_back(money)
    stray = await shop.strays.get(await the_stray(shop))
    assert stray.status == "refunded"


@pytest.mark.parametrize("days", [0, 4])
async def test_a_stray_whose_way_back_is_only_in_the_list(shop: Shop, days: int) -> None:
    money = shop.telegram.pays(JOHN, "?", 50)
    await shop.stars.received(money)
    for _ in range(days):
        shop.cashier.clock.advance(days=1)
        await shop.till.reconciler.round()
    shop.telegram.sends_back(money.charge_id)
    shop.cashier.clock.advance(hours=2)
    listed = (await shop.till.reconciler.round()).listed
    assert (await shop.strays.get(await the_stray(shop))).status == "refunded"
    assert listed.complete


@pytest.mark.parametrize("payload", ["the invoice's", "?"])
async def test_a_stray_that_went_back_holds_up_nothing(shop: Shop, payload: str) -> None:
    """Telegram's list is read on from where it ended."""
    payment, _ = await shop.paid()
    again = shop.pays(payment) if payload != "?" else shop.telegram.pays(JOHN, payload, 50)
    await shop.stars.received(again)
    await shop.strays.send_back(await the_stray(shop), actor=await shop.cashier.owner())
    for _ in range(2):
        shop.cashier.clock.advance(days=3)
        assert (await shop.till.reconciler.round()).listed.complete


@pytest.mark.parametrize("payload", ["of another program", NOT_OURS])
async def test_the_refund_of_what_another_program_was_paid_long_ago(shop: Shop, payload: str) -> None:
    """The list is read on."""
    old = shop.telegram.pays(JOHN, payload, 50)
    shop.telegram.ledger = [replace(shop.telegram.ledger[0], at=old.at - timedelta(days=40))]
    shop.telegram.sends_back(old.charge_id)
    shop.cashier.clock.advance(hours=2)
    assert (await shop.till.reconciler.round()).listed.complete
    assert await shop.cashier.problems() == []


# What nobody told


async def test_money_that_was_never_told_is_found_in_the_list(shop: Shop) -> None:
    payment = await shop.begins()
    shop.pays(payment)
    shop.telegram.pays(JOHN, "of nobody", 7)
    shop.cashier.clock.advance(days=3)
    await shop.till.reconciler.round()
    assert await shop.balance() == 13_00
    assert await shop.cashier.problems() == ["stray"]
    await shop.cashier.is_sound()


async def test_what_another_program_took_before_this_shop_is_left_alone(cashier: Cashier) -> None:
    await cashier.owner()
    telegram = FakeStars(clock=cashier.clock)
    telegram.pays(JOHN, "topup_100", 100)
    cashier.clock.advance(days=1)
    till, _, _ = open_stars_till(cashier, telegram)
    for _ in range(2):
        await till.reconciler.round(everything=True)
        cashier.clock.advance(hours=2)
    assert await cashier.problems() == []


async def test_the_end_of_a_long_list_is_found_fast(shop: Shop) -> None:
    for _ in range(1_234):
        shop.telegram.pays(JOHN, "of another program", 1)
    shop.cashier.clock.advance(days=5)
    payment = await shop.begins()
    money = shop.pays(payment)
    shop.reopens()
    shop.telegram.calls.clear()
    assert (await shop.till.settlement.ask(payment.id)).charge_id == money.charge_id
    assert len(shop.telegram.calls) < 20
    shop.telegram.calls.clear()
    other = await shop.begins()
    shop.pays(other)
    assert (await shop.till.settlement.ask(other.id)).status is PaymentStatus.SUCCEEDED
    assert len(shop.telegram.calls) == 1


async def goes_back(shop: Shop, money: StarsReceived) -> None:
    """By an owner's button, twice pressed."""
    number, owner = await the_stray(shop), await shop.cashier.owner()
    for _ in range(2):
        assert (await shop.strays.send_back(number, actor=owner)).status == "refunded"
    assert [(each.id, each.person) for each in shop.telegram.ledger if not each.incoming] == [
        (money.charge_id, money.payer_id)
    ]
    await shop.cashier.is_sound()


async def the_stray(shop: Shop) -> int:
    """As the owners' message names it."""
    [told] = await shop.cashier.notifications("payment_problem")
    return int(told["stray_id"])


async def sells(shop: Shop, *, price: int) -> int:
    offer = PackageOffer(title={"ru": "Дюжина", "en": "Dozen"}, credits=12_00, price=rub(price), valid_days=None)
    packages = Packages(shop.cashier.db, shop.cashier.clock, Staff((OWNER,)), discount_of)
    return (await packages.create(offer, actor=await shop.cashier.owner())).id
