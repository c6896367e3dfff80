"""A whole shop before the sandbox's CloudPayments: the page, the notifications, what goes wrong on the way."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from bot.app import App
from bot.cli.payments import report
from db.tables.payments import PaymentStatus
from sandbox.client.cloudpayments import CloudPaymentsSite
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from services.billing.audit import run_audit
from services.money import rub
from services.payments.providers.base import (
    Buyer,
    Decline,
    NewPayment,
    NewRefund,
    ResultUnknown,
    SavedMethod,
    TryDeclined,
    Unpaid,
)
from services.payments.providers.cloudpayments.notifications import NotificationKind
from services.payments.providers.cloudpayments.provider import CloudPayments
from services.payments.queries import PaymentView
from services.payments.refunds.begin import RefundRequest
from services.payments.service import Payments
from services.payments.topup import TopUpRequest
from services.users.actor import Actor
from tests.conversations.stage import shop_settings
from tests.integration.payments.stand import PARTS
from tests.support.tills import renewals_of
from tests.support.waiting import until

LIKE_ANY = "2200000000000004"
PAYS_ONCE = "4111111111111111"
GIFT = 10_00
ONCE_PAID = GIFT + 30_00


@dataclass(slots=True, kw_only=True)
class Stand:
    sandbox: Sandbox
    site: CloudPaymentsSite
    app: App
    till: Payments
    anna: Person
    user_id: int

    async def begins(self) -> PaymentView:
        wish = TopUpRequest(
            user_id=self.user_id, email="anna@example.com", return_url="https://t.me/shop", amount=rub(300_00)
        )
        return await self.till.topup.start(wish)

    async def balance_is(self, credits_: int) -> None:
        async def has() -> bool:
            return (await self.app.services.users.get(self.user_id)).balance == credits_

        await until(has)

    async def of(self, payment: PaymentView) -> PaymentView:
        return await self.app.services.payment_queries.get(payment.id)


@pytest.fixture
async def stand(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Stand]:
    site = await sandbox.cloudpayments()
    settings = shop_settings(
        sandbox,
        sqlite_url,
        cloudpayments_public_id=site.public_id,
        cloudpayments_api_secret=site.api_secret,
        cloudpayments_api_url=site.api_url,
    )
    async with App(settings, parts=PARTS).running() as app:
        await site.change(webhook_url=f"http://127.0.0.1:{app.web_port}/webhooks/cloudpayments")
        anna = await sandbox.person("Анна", language_code="ru")
        await anna.says("/start")
        await anna.sees("Здравствуйте")
        user = await app.services.users.find(anna.id)
        assert user is not None
        assert app.services.payments is not None
        yield Stand(sandbox=sandbox, site=site, app=app, till=app.services.payments, anna=anna, user_id=user.id)
        assert (await run_audit(app.db)).ok


@pytest.mark.parametrize("form", ["form", "json"])
async def test_from_the_page_to_the_credits(stand: Stand, form: str) -> None:
    await stand.site.change(format=form)
    payment = await stand.begins()
    assert payment.confirmation_url is not None
    assert await stand.anna.pays(payment.confirmation_url, card=LIKE_ANY) == "https://t.me/shop"
    await stand.anna.sees("Оплачено: 300 ₽, зачислено 30,00 кредитов")
    await stand.balance_is(ONCE_PAID)
    assert [(each["event"], each["status"]) for each in await stand.site.webhooks()] == [
        ("check", "delivered"),
        ("pay", "delivered"),
    ]
    paid = await stand.of(payment)
    assert (paid.status, paid.card_type, paid.card_last4) == (PaymentStatus.SUCCEEDED, "MIR", "0004")


async def test_a_refused_card_and_then_another(stand: Stand) -> None:
    payment = await stand.begins()
    assert (await stand.site.pays(code=5051))["Status"] == "Declined"
    await stand.site.webhooks()
    await stand.till.events.handle_due()
    assert (await stand.of(payment)).is_open  # the page takes another card
    await stand.site.pays()
    await stand.balance_is(ONCE_PAID)


async def test_a_check_credits_nothing(stand: Stand) -> None:
    await stand.begins()
    await stand.site.pays(card=LIKE_ANY, secure=None)
    assert [each["event"] for each in await stand.site.webhooks()] == ["check"]
    await stand.till.events.handle_due()
    await stand.balance_is(GIFT)
    await stand.site.secures()
    await stand.balance_is(ONCE_PAID)


async def test_a_second_payment_is_refused_at_the_question(stand: Stand) -> None:
    await stand.begins()
    await stand.site.pays()
    await stand.balance_is(ONCE_PAID)
    assert (await stand.site.pays(force=True))["ReasonCode"] == 3004
    await stand.balance_is(ONCE_PAID)


async def test_told_three_times_and_late_and_after_the_refund(stand: Stand) -> None:
    await stand.site.fault("repeat", "pay", copies=2)
    await stand.begins()
    await stand.site.pays()
    await stand.balance_is(ONCE_PAID)
    await stand.site.refunds_in_cabinet(amount="100.00")
    await stand.balance_is(ONCE_PAID - 10_00)
    await stand.site.fault("repeat", "refund", copies=2)
    await stand.site.refunds_in_cabinet()
    await stand.balance_is(GIFT)
    for told in await stand.site.webhooks():
        assert set(await stand.site.sends_again(told["n"], times=2)) == {200}
    await stand.till.events.handle_due()
    await stand.balance_is(GIFT)


async def test_what_was_never_told_is_found(stand: Stand) -> None:
    await stand.site.fault("lose", "pay")
    await stand.begins()
    await stand.site.pays()
    await stand.balance_is(GIFT)
    assert (
        "credited (300.00 RUB"
        in (await report(stand.till, renewals_of(stand.till), stand.app.services.payment_queries))[0]
    )
    await stand.balance_is(ONCE_PAID)


async def test_a_chargeback_is_found_in_the_list(stand: Stand) -> None:
    """Nobody tells of it."""
    payment = await stand.begins()
    await stand.site.pays()
    await stand.balance_is(ONCE_PAID)
    await stand.site.charges_back()
    await report(stand.till, renewals_of(stand.till), stand.app.services.payment_queries)
    await stand.balance_is(GIFT)
    assert await stand.app.services.payment_queries.sent_back([payment]) == {payment.id: rub(300_00)}


async def test_only_the_signed_is_listened_to(stand: Stand) -> None:
    payment = await stand.begins()
    claim = {
        "TransactionId": 1,
        "Amount": "300.00",
        "Currency": "RUB",
        "Status": "Completed",
        "InvoiceId": str(payment.id),
        "AccountId": str(stand.user_id),
    }
    assert await stand.site.notify("pay", claim, signed=False) == 403
    assert await stand.site.notify("pay", claim) == 200  # and looked into, as all is
    await stand.site.change(api_secret="another")
    assert await stand.site.notify("pay", claim) == 403
    await stand.till.events.handle_due()
    await stand.balance_is(GIFT)


async def test_an_owner_gives_back_a_part(stand: Stand) -> None:
    payment = await stand.begins()
    await stand.site.pays()
    await stand.balance_is(ONCE_PAID)
    wish = RefundRequest(id=uuid4(), payment_id=payment.id, amount=rub(100_00), actor=Actor.system())
    await stand.till.refunds.start(wish)
    await stand.balance_is(ONCE_PAID - 10_00)
    assert (await stand.site.transactions())[0]["Amount"] == 100


@pytest.fixture
async def cloud(sandbox: Sandbox) -> AsyncIterator[CloudPayments]:
    """The provider alone."""
    site = await sandbox.cloudpayments()
    provider = CloudPayments(
        public_id=site.public_id, api_secret=site.api_secret, api_url=site.api_url, read_seconds=0.5
    )
    yield provider
    provider.close()


def order(kopecks: int = 300_00) -> NewPayment:
    buyer = Buyer(id=17, email="anna@example.com", language="ru")
    return NewPayment(
        id=uuid4(), amount=rub(kopecks), description="Кредиты", return_url="https://t.me/shop", buyer=buyer
    )


async def test_a_card_is_kept_and_charged(sandbox: Sandbox, cloud: CloudPayments) -> None:
    site, first = await sandbox.cloudpayments(), order()
    await cloud.create(first)
    with pytest.raises(Unpaid):
        await cloud.get(str(first.id))
    await site.pays(card=PAYS_ONCE)
    paid = await cloud.get(str(first.id))
    assert paid.method is not None
    assert paid.method.title == "Visa •• 1111"
    card = SavedMethod(id=uuid4(), token=paid.method.token, kept_for=17)
    declined = await cloud.charge(order(), card)
    assert (declined.status, declined.cancel_reason) == ("canceled", "5051")
    assert cloud.decline_of(declined.cancel_reason) is Decline.TOMORROW
    await site.declines_charges(0)
    again = order()
    assert (await cloud.charge(again, card)).status == "succeeded"
    assert (await cloud.get(str(again.id))).status == "succeeded"
    await site.declines_charges(5005)
    assert cloud.decline_of((await cloud.charge(order(), card)).cancel_reason) is Decline.NEVER
    await site.forgets_token()
    assert (await cloud.charge(order(), card)).cancel_reason == "6025"


async def test_an_answer_that_was_lost_charges_once(sandbox: Sandbox, cloud: CloudPayments) -> None:
    site, first, again = await sandbox.cloudpayments(), order(), order()
    await cloud.create(first)
    await site.pays()
    method = (await cloud.get(str(first.id))).method
    assert method is not None
    card = SavedMethod(id=uuid4(), token=method.token, kept_for=17)
    for kind in ("500_after", "cut_after", "html_after", "broken", "hang_after"):
        await site.fault(kind, "payments/tokens/charge")
        with pytest.raises(ResultUnknown):
            await cloud.charge(again, card)
    assert (await cloud.charge(again, card)).status == "succeeded"
    assert len(await site.transactions()) == 2
    refund = NewRefund(id=uuid4(), provider_payment_id=str(again.id), amount=rub(100_00), description="part")
    await site.fault("cut_after", "payments/refund")
    with pytest.raises(ResultUnknown):
        await cloud.refund(refund)
    assert (await cloud.refund(refund)).status == "succeeded"
    assert [len(page) async for page in cloud.refunds_of(str(again.id))] == [1]


async def test_a_page_that_was_cancelled_and_a_declined_try(sandbox: Sandbox, cloud: CloudPayments) -> None:
    site, first = await sandbox.cloudpayments(), order()
    made = await cloud.create(first)
    await site.pays(code=5054)
    with pytest.raises(TryDeclined):
        await cloud.get(str(first.id))
    await cloud.withdraw(made.id, made.order_id)
    assert (await site.order())["Status"] == "Cancelled"
    await cloud.withdraw(made.id, made.order_id)  # twice is once


async def test_the_account_tells_how_it_notifies(sandbox: Sandbox, cloud: CloudPayments) -> None:
    await sandbox.cloudpayments(webhook_url="https://shop.example/hooks", off=["fail"])
    pay, fail = await cloud.about(NotificationKind.PAY), await cloud.about(NotificationKind.FAIL)
    assert (pay.enabled, pay.address, pay.method) == (True, "https://shop.example/hooks/pay", "POST")
    assert not fail.enabled
