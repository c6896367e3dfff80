"""Subscriptions that the provider charges by itself: the shop only hears of it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from db.engine import Database
from db.tables.currencies import Currency
from db.tables.plans import SubscriptionStatus
from services.coordination.memory import MemoryCoordination
from services.money import Money
from services.payments.context import ProviderAccount
from services.payments.pricing import CreditPrice
from services.payments.providers.base import (
    Autopay,
    NewPayment,
    NewRefund,
    ProviderWord,
    RemoteMethod,
    RemotePayment,
    RemoteRefund,
    ResultUnknown,
    SavedMethod,
)
from services.payments.queries import PaymentView
from services.payments.service import Payments
from services.plans.by_provider import provider_said
from services.plans.endings import CannotResume, RenewedInTelegram
from services.plans.reports import PlanReports
from tests.support.clock import FakeClock
from tests.support.plans import PlanShop
from tests.support.tills import MERCHANT, PRICING, make_till, open_cashier
from tests.support.yookassa import FakeYooKassa

MONTH = timedelta(days=30)
PRICES = {**PRICING, Currency.XTR: CreditPrice(minor=2, currency=Currency.XTR)}


@dataclass(slots=True, kw_only=True)
class Stars(FakeYooKassa):
    """It calls its payments by our ids, and each money by an id of its own."""

    name: str = "stars"
    autopay: Autopay = Autopay.BY_PROVIDER
    stopped: list[tuple[str, int | None]] = field(default_factory=list)
    sent_back: list[str | None] = field(default_factory=list)

    async def create(self, payment: NewPayment) -> RemotePayment:
        return RemotePayment(
            id=str(payment.id),
            shop_id=self.shop_id,
            status="pending",
            amount=payment.amount,
            test=True,
            our_id=str(payment.id),
            refunded=payment.amount.of(0),
            confirmation_url="https://t.me/$invoice",
        )

    async def stop(self, method: SavedMethod) -> None:
        if self.away is not None:
            raise self.away
        self.stopped.append((method.token, method.telegram_id))

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        self.sent_back.append(refund.charge_id)
        return RemoteRefund(
            id=refund.charge_id or "", payment_id=refund.provider_payment_id, status="succeeded", amount=refund.amount
        )

    def money(self, payment: PaymentView, charge_id: str, until: datetime, *, again: bool = False) -> RemotePayment:
        return RemotePayment(
            id=str(payment.id),
            shop_id=self.shop_id,
            status="succeeded",
            amount=payment.amount,
            test=True,
            our_id=str(payment.id),
            refunded=payment.amount.of(0),
            paid_at=self.clock(),
            charge_id=charge_id,
            payer_id=4321,
            method=RemoteMethod(token=charge_id, title="Telegram Stars"),
            paid_until=until,
            again=again,
        )


@dataclass(slots=True, kw_only=True)
class StarShop(PlanShop):
    stars: Stars

    async def begun(self, user_id: int, plan_id: int) -> PaymentView:
        return await self.begins(user_id, plan_id, provider="stars", email=None)

    async def comes(self, payment: PaymentView, charge_id: str, until: datetime, *, again: bool = False) -> None:
        account = self.cashier.till.accounts.of("stars")
        await self.cashier.till.settlement.follow(self.stars.money(payment, charge_id, until, again=again), account)

    async def hears(self, payment_id: UUID, word: ProviderWord) -> None:
        """Of what the payment began there."""
        await self.cashier.db.write(provider_said, payment_id, word, self.clock())

    async def payment_ids(self, user_id: int) -> list[UUID | None]:
        return [row.payment_id for row in await self.periods(user_id)]


@pytest.fixture
def shop(database: Database, clock: FakeClock) -> StarShop:
    cashier = open_cashier(database, clock)
    stars = Stars(clock=clock)
    merchant = replace(MERCHANT, provider="stars", currency=Currency.XTR)
    accounts = [
        ProviderAccount(provider=cashier.yookassa, merchant=MERCHANT),
        ProviderAccount(provider=stars, merchant=merchant),
    ]
    till: Payments = make_till(
        database, clock, accounts, PRICES, lambda: None, coordination=MemoryCoordination(), owners=MERCHANT.owners
    )
    cashier.till = till
    return StarShop(cashier=cashier, stars=stars)


async def test_a_renewal_is_a_payment_of_its_own(shop: StarShop) -> None:
    anna, plus = await shop.cashier.customer(), await shop.sells(stars=150, credits=10_00)
    first, start = await shop.begun(anna, plus), shop.clock()
    await shop.comes(first, "charge-1", start + MONTH)
    begun = await shop.of(anna)
    assert (begun.provider, begun.ends_at, begun.auto_renew) == ("stars", start + MONTH, True)
    assert begun.next_charge == (Money(150, Currency.XTR), start + MONTH)
    await shop.lives(days=30)
    for _ in range(2):  # it is told twice
        await shop.comes(first, "charge-2", start + 2 * MONTH, again=True)
    renewed = await shop.of(anna)
    assert (renewed.number, renewed.ends_at) == (2, start + 2 * MONTH)
    assert len(set(await shop.payment_ids(anna))) == 2
    assert await shop.facts() == ["renewal_soon", "renewed"]
    assert await shop.cashier.balance(anna) == 10_00
    await shop.cashier.is_sound()


async def test_what_was_told_out_of_order_goes_back(shop: StarShop) -> None:
    """The second month's money was heard of first; the first month is over."""
    anna, plus = await shop.cashier.customer(), await shop.sells(stars=150)
    first, start = await shop.begun(anna, plus), shop.clock()
    shop.clock.advance(days=35)
    await shop.comes(first, "charge-2", start + 2 * MONTH, again=True)
    assert (await shop.of(anna)).ends_at == start + 2 * MONTH
    await shop.comes(first, "charge-1", start + MONTH)
    await shop.lives(hours=1)
    assert shop.stars.sent_back == ["charge-1"]
    await shop.cashier.is_sound()


async def test_cancelled_here_telegram_is_told_until_it_knows(shop: StarShop) -> None:
    anna, plus = await shop.cashier.customer(), await shop.sells(stars=150)
    first, start = await shop.begun(anna, plus), shop.clock()
    await shop.comes(first, "charge-1", start + MONTH)
    shop.stars.away = ResultUnknown(code="away")
    await shop.subscriptions.cancel(anna)
    await shop.round()
    assert shop.stars.stopped == []
    shop.stars.away = None
    shop.clock.advance(minutes=6)
    await shop.round()
    shop.clock.advance(minutes=6)
    await shop.round()
    assert shop.stars.stopped == [("charge-1", 4321)], "by who paid, and once"
    with pytest.raises(CannotResume):
        await shop.subscriptions.resume(anna)
    shop.clock.now = start + MONTH - timedelta(minutes=1)
    await shop.comes(first, "charge-2", start + 2 * MONTH, again=True)  # it was on its way
    await shop.lives(hours=2)
    assert shop.stars.sent_back == ["charge-2"]
    assert (await shop.row(anna)).status == SubscriptionStatus.CANCELED
    await shop.cashier.is_sound()


async def test_paid_twice_the_second_is_stopped_and_goes_back(shop: StarShop) -> None:
    anna, plus = await shop.cashier.customer(), await shop.sells(stars=150)
    one, other, start = await shop.begun(anna, plus), await shop.begun(anna, plus), shop.clock()
    await shop.comes(one, "charge-1", start + MONTH)
    await shop.comes(other, "charge-2", start + MONTH)
    await shop.lives(hours=1)
    assert shop.stars.sent_back == ["charge-2"]
    assert shop.stars.stopped == [("charge-2", 4321)]
    shop.clock.now = start + MONTH
    await shop.comes(other, "charge-3", start + 2 * MONTH, again=True)
    await shop.lives(hours=1)
    assert shop.stars.sent_back == ["charge-2", "charge-3"]
    await shop.cashier.is_sound()


async def test_what_telegram_says(shop: StarShop) -> None:
    anna, plus = await shop.cashier.customer(), await shop.sells(stars=150)
    first, start = await shop.begun(anna, plus), shop.clock()
    await shop.comes(first, "charge-1", start + MONTH)
    await shop.hears(first.id, ProviderWord.CANCELED)
    assert (await shop.of(anna)).next_charge is None
    await shop.hears(first.id, ProviderWord.ACTIVE)
    assert (await shop.of(anna)).next_charge is not None
    await shop.lives(days=29)
    for _ in range(2):
        await shop.hears(first.id, ProviderWord.FAILED)
    [failed] = (await PlanReports(shop.cashier.db, shop.clock).failed()).items
    assert (failed.provider, failed.reason, failed.amount) == ("stars", "renewal_failed", Money(150, Currency.XTR))
    await shop.lives(days=2)
    assert (await shop.of(anna)).status == SubscriptionStatus.PAST_DUE
    await shop.lives(days=4)
    assert (await shop.row(anna)).status == SubscriptionStatus.EXPIRED
    assert await shop.facts() == ["autopay_off", "renewal_soon", "declined", "past_due", "ended"]
    await shop.cashier.is_sound()


async def test_what_was_ended_in_telegram_begins_again_there(shop: StarShop) -> None:
    """The shop cannot make Telegram charge, so it does not say that it will."""
    anna, plus = await shop.cashier.customer(), await shop.sells(stars=150)
    first, start = await shop.begun(anna, plus), shop.clock()
    await shop.comes(first, "charge-1", start + MONTH)
    await shop.hears(first.id, ProviderWord.CANCELED)
    with pytest.raises(RenewedInTelegram):
        await shop.subscriptions.resume(anna)
    ended = await shop.of(anna)
    assert (ended.can_resume, ended.can_resume_in_telegram, ended.next_charge) == (False, True, None)
    await shop.hears(first.id, ProviderWord.ACTIVE)
    begun = await shop.of(anna)
    assert (begun.can_resume_in_telegram, begun.auto_renew) == (False, True)


async def test_telegrams_word_is_waited_for_where_the_shop_gives_no_days_of_grace(shop: StarShop) -> None:
    """It renews at the very end, and says so a little later."""
    shop.grace = timedelta(0)
    anna, plus = await shop.cashier.customer(), await shop.sells(stars=150)
    first, start = await shop.begun(anna, plus), shop.clock()
    await shop.comes(first, "charge-1", start + MONTH)
    await shop.lives(days=30, minutes=5)
    assert (await shop.of(anna)).status is SubscriptionStatus.PAST_DUE
    await shop.comes(first, "charge-2", start + 2 * MONTH, again=True)
    renewed = await shop.of(anna)
    assert (renewed.status, renewed.number) == (SubscriptionStatus.ACTIVE, 2)
    assert (shop.stars.stopped, shop.stars.sent_back) == ([], [])
    await shop.lives(days=32)
    assert (await shop.row(anna)).status == SubscriptionStatus.EXPIRED, "a word that never came is not waited for long"
    assert shop.stars.stopped == [("charge-1", 4321)]
    await shop.cashier.is_sound()
