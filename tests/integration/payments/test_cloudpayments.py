"""A shop that takes money through CloudPayments: the page, the last question, notifications, what is never believed."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.payments import PaymentStatus, StrayPayment, StrayStatus
from services.coordination.memory import MemoryCoordination
from services.money import rub
from services.payments.context import ProviderAccount
from services.payments.merchant import Merchant
from services.payments.packages import PackageOffer, Packages
from services.payments.payment_row import Description, NewRow, insert_payment
from services.payments.providers.cloudpayments.notifications import NAME
from services.payments.providers.cloudpayments.question import LastQuestion
from services.payments.providers.cloudpayments.signatures import signature
from services.payments.queries import PaymentView, find_payment
from services.payments.refunds.begin import RefundRequest
from services.payments.service import Payments
from services.payments.strays import Strays
from services.payments.topup import EmailNeeded, TopUpRequest
from services.plans.checkout import PlanOrder
from services.plans.discounts import discount_of
from services.plans.methods import PaymentMethods
from services.plans.subscriptions import Subscriptions, SubscriptionView
from services.users.roles import Staff
from tests.support.clock import START
from tests.support.cloudpayments import (
    MISSING,
    PUBLIC_ID,
    SAMPLES,
    SECRET,
    AnsweringServer,
    answering,
    open_provider,
    sample,
    transaction,
)
from tests.support.plans import add_plan
from tests.support.tills import MERCHANT, OWNER, PRICING, RETURN_URL, Cashier, checkout_of, make_till
from web.context import CloudPaymentsWebhook, WebContext, provide
from web.webhooks import cloudpayments

FIND, GET, ORDERS, CANCEL = "/payments/find", "/payments/get", "/orders/create", "/orders/cancel"
SITE: Merchant = replace(
    MERCHANT,
    provider=NAME,
    shop_id=PUBLIC_ID,
    test=False,
    told_test=True,
    wants_email=True,
    signer=replace(MERCHANT.signer, tests=False),
)
PAID = 897728001


@dataclass(slots=True, kw_only=True)
class Shop:
    cashier: Cashier
    server: AnsweringServer
    till: Payments
    http: httpx.AsyncClient
    anna: int
    order: dict[str, Any] = field(default_factory=lambda: sample("order_created"))  # Any: JSON

    async def begins(self, **more: Any) -> PaymentView:  # Any: as TopUpRequest takes it
        email, amount = more.pop("email", "anna@example.com"), more.pop("amount", rub(300_00))
        self.server.says(ORDERS, self.order | {"Model": self.order["Model"] | {"Amount": Decimal("300.00")}})
        wish = TopUpRequest(user_id=self.anna, email=email, return_url=RETURN_URL, amount=amount, **more)
        return await self.till.topup.start(wish)

    async def told(self, kind: str, payment: PaymentView | None = None, **fields: object) -> int | None:
        """What the shop answers to a notification; None where it does not take it."""
        ours = {} if payment is None else {"InvoiceId": payment.id, "AccountId": payment.user_id}
        given = {"TransactionId": PAID, "Amount": "300.00", "Currency": "RUB", "Status": "Completed", **ours, **fields}
        body = urlencode(given).encode()
        answer = await self.http.post(kind, content=body, headers={"Content-HMAC": signature(SECRET, body)})
        return answer.json()["code"] if answer.status_code == 200 else None

    async def looks(self) -> None:
        """Into what it was told."""
        await self.till.events.handle_due()

    async def pays(self, payment: PaymentView, **more: object) -> PaymentView:
        """Credited already."""
        self.is_paid(payment, **more)
        assert await self.told("pay", payment) == 0
        await self.looks()
        return await self.of(payment)

    def is_paid(self, payment: PaymentView, **more: object) -> None:
        for path in (FIND, GET):
            self.server.says(path, transaction(payment.id, **more))

    async def of(self, payment: PaymentView) -> PaymentView:
        return await self.cashier.payments.get(payment.id)

    async def balance(self) -> int:
        return await self.cashier.balance(self.anna)

    async def strays(self) -> list[tuple[str, int]]:
        rows = table_of(StrayPayment)
        return await self.cashier.db.read(
            lambda s: [(row.charge_id, row.amount) for row in s.execute(select(rows.c.charge_id, rows.c.amount))]
        )


class _Healthy:
    async def readiness(self) -> Any:  # Any: nobody asks
        raise NotImplementedError


@pytest.fixture
async def shop(quick: Cashier) -> AsyncIterator[Shop]:
    with answering() as server:
        provider = open_provider(server)
        account = ProviderAccount(provider=provider, merchant=SITE)
        till = make_till(
            quick.db, quick.clock, [account], PRICING, lambda: None, coordination=MemoryCoordination(), owners=(OWNER,)
        )
        webhook = CloudPaymentsWebhook(payments=till, secret=SECRET, question=LastQuestion(till.ctx))
        app = FastAPI()
        provide(app, WebContext(health=_Healthy(), cloudpayments=webhook))  # type: ignore[arg-type]  # nobody asks
        app.include_router(cloudpayments.router)
        base = "http://shop/webhooks/cloudpayments/"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as http:
            await quick.customer(telegram_id=OWNER)
            yield Shop(cashier=quick, server=server, till=till, http=http, anna=await quick.customer())
        await quick.is_sound()
        till.close()


async def test_from_the_page_to_the_credits(shop: Shop) -> None:
    payment = await shop.begins()
    assert (payment.provider_payment_id, payment.order_id) == (str(payment.id), "gASGZVgUN21hcpPF")
    assert payment.confirmation_url == "https://orders.cloudpayments.ru/d/gASGZVgUN21hcpPF"
    assert await shop.told("check", payment) == 0
    await shop.looks()
    assert await shop.balance() == 0  # that it may be paid is no money
    paid = await shop.pays(payment)
    assert await shop.balance() == 3000
    assert (paid.status, paid.charge_id) == (PaymentStatus.SUCCEEDED, str(PAID))
    assert (paid.card_type, paid.card_last4, paid.test) == ("Visa", "4242", False)
    for kind in ("pay", "pay", "confirm"):
        assert await shop.told(kind, payment) == 0
    await shop.looks()
    await shop.till.reconciler.round(everything=True)
    assert await shop.cashier.credited(payment.id) == [3000]


async def test_a_letter_box_is_needed_also_without_receipts(shop: Shop) -> None:
    with pytest.raises(EmailNeeded):
        await shop.begins(email=None)
    assert shop.server.calls == []


async def test_a_site_in_test_mode_says_so_of_each_payment(shop: Shop) -> None:
    paid = await shop.pays(await shop.begins(), TestMode=True)
    assert paid.test
    assert await shop.balance() == 3000


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 0),
        ({"Amount": "300"}, 0),
        ({"InvoiceId": "top-999999"}, 10),
        ({"InvoiceId": uuid4()}, 10),
        ({"InvoiceId": ""}, 10),
        ({"AccountId": "100018"}, 11),
        ({"AccountId": ""}, 11),
        ({"Amount": "299.99"}, 12),
        ({"Amount": "1e3"}, 12),
        ({"Currency": "USD"}, 12),
        ({"TransactionId": ""}, 13),
    ],
)
async def test_the_last_question(shop: Shop, fields: dict[str, object], code: int) -> None:
    payment = await shop.begins()
    assert await shop.told("check", payment, **fields) == code


async def test_the_last_question_about_what_is_over(shop: Shop) -> None:
    payment = await shop.begins()
    shop.cashier.clock.advance(minutes=60)
    assert await shop.told("check", payment) == 0
    shop.cashier.clock.advance(minutes=1)
    assert await shop.told("check", payment) == 20
    paid = await shop.pays(payment)  # begun in time
    assert paid.status is PaymentStatus.SUCCEEDED
    assert await shop.told("check", payment) == 13  # the link is there still


async def test_the_last_question_about_what_is_sold_no_more(shop: Shop) -> None:
    packages = Packages(shop.cashier.db, shop.cashier.clock, Staff((OWNER,)), discount_of)
    offer = PackageOffer(title={"ru": "Сто", "en": "A hundred"}, price=rub(300_00), credits=100_00, valid_days=None)
    owner = await shop.cashier.owner()
    package = await packages.create(offer, actor=owner)
    payment = await shop.begins(package_id=package.id, amount=None)
    assert await shop.told("check", payment) == 0
    await packages.enable(package.id, enabled=False, actor=owner)
    assert await shop.told("check", payment) == 13


async def test_the_last_question_about_a_renewal(shop: Shop) -> None:
    """While its owner wants it."""
    checkout = checkout_of(shop.till)
    shop.server.says(ORDERS, shop.order | {"Model": shop.order["Model"] | {"Amount": Decimal("300.00")}})
    plan_id = await shop.cashier.db.write(add_plan)
    order = PlanOrder(user_id=shop.anna, plan_id=plan_id, email="anna@example.com", return_url=RETURN_URL, consent=True)
    await shop.pays(await checkout.start(order), Token="tk_1")
    subscriptions = Subscriptions(shop.cashier.db, shop.cashier.clock, PRICING)
    mine = await subscriptions.of(shop.anna)
    assert mine is not None
    assert mine.method is not None
    charge = await shop.cashier.db.write(_charge, mine)
    assert await shop.told("check", charge) == 0
    await subscriptions.cancel(shop.anna)
    assert await shop.told("check", charge) == 13
    await subscriptions.resume(shop.anna)
    assert await shop.told("check", charge) == 0
    await PaymentMethods(shop.cashier.db, shop.cashier.clock).unlink(shop.anna, mine.method.id)
    assert await shop.told("check", charge) == 13


async def test_the_last_question_about_a_plan_that_is_there(shop: Shop) -> None:
    """Two pages are open: the second takes no money that would only go back."""
    checkout = checkout_of(shop.till)
    shop.server.says(ORDERS, shop.order | {"Model": shop.order["Model"] | {"Amount": Decimal("300.00")}})
    plan_id = await shop.cashier.db.write(add_plan)
    orders = [
        PlanOrder(user_id=shop.anna, plan_id=plan_id, email="anna@example.com", return_url=RETURN_URL) for _ in "12"
    ]
    one, other = [await checkout.start(order) for order in orders]
    assert await shop.told("check", other) == 0
    await shop.pays(one)
    assert await shop.told("check", other) == 13


def _charge(session: Session, mine: SubscriptionView) -> PaymentView:
    """Of the saved card, for the next period."""
    assert mine.method is not None
    assert mine.price is not None
    charge_id = uuid4()
    new = NewRow(
        id=charge_id,
        user_id=mine.user_id,
        plan_id=mine.plan.id,
        subscription_id=mine.id,
        period_number=mine.number + 1,
        method_id=mine.method.id,
        provider=NAME,
        provider_shop_id=PUBLIC_ID,
        test=False,
        amount=mine.price,
        credits=0,
        description=Description(receipt="Тариф", shown=None),
    )
    insert_payment(session, new, START)
    charge = find_payment(session, charge_id)
    assert charge is not None
    return charge


@pytest.mark.parametrize("given", SAMPLES["notifications"], ids=lambda given: given["id"])
async def test_each_documented_one_is_answered(shop: Shop, given: dict[str, Any]) -> None:  # Any: JSON
    """They are about orders that this shop does not know: a Check is told so, the others bring nobody anything."""
    shop.server.says(GET, transaction("top-000017"))
    kind = given["type"].lower()
    headers = given["headers"] | {"Content-Type": given["content_type"]}
    answer = await shop.http.post(kind, content=given["raw_body"].encode(), headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"code": 10 if kind == "check" else 0})
    await shop.looks()
    assert (await shop.balance(), await shop.strays(), await shop.cashier.problems()) == (0, [], [])


@pytest.mark.parametrize("given", SAMPLES["must_be_refused_or_doubted"], ids=lambda given: given["id"])
async def test_a_forged_one_leaves_nothing(shop: Shop, given: dict[str, Any]) -> None:  # Any: JSON
    shop.server.says(GET, MISSING)
    headers = given["headers"] | {"Content-Type": given["content_type"]}
    answer = await shop.http.post("pay", content=given["raw_body"].encode(), headers=headers)
    clear = given["id"] == "check_posted_to_pay_address"
    assert answer.status_code == (200 if clear else 403)
    await shop.looks()
    assert await shop.cashier.notes() == (["the provider knows no such object"] if clear else [])


async def test_another_address(shop: Shop) -> None:
    assert (await shop.http.post("payout", content=b"")).status_code == 404


async def test_one_as_json(shop: Shop) -> None:
    payment = await shop.begins()
    shop.is_paid(payment)
    given = {"TransactionId": PAID, "Amount": 300.00, "Currency": "RUB", "InvoiceId": str(payment.id), "Token": None}
    body = json.dumps(given).encode()
    headers = {"Content-Type": "application/json", "X-Content-HMAC": signature(SECRET, body)}
    assert (await shop.http.post("pay", content=body, headers=headers)).json() == {"code": 0}
    await shop.looks()
    assert await shop.balance() == 3000


async def test_a_check_at_the_address_of_payments_brings_nothing(shop: Shop) -> None:
    """It says `Completed`; the transaction does not."""
    payment = await shop.begins()
    shop.is_paid(payment, Status="AwaitingAuthentication")
    assert await shop.told("pay", payment) == 0
    await shop.looks()
    assert await shop.balance() == 0
    assert await shop.cashier.notes() == ["the provider says otherwise: AwaitingAuthentication"]


async def test_a_try_in_vain_and_another_one(shop: Shop) -> None:
    payment = await shop.begins()
    shop.is_paid(payment, Status="Declined", ReasonCode=5051)
    assert await shop.told("fail", payment, ReasonCode=5051) == 0
    await shop.looks()
    assert await shop.cashier.notes() == ["not paid: 5051"]
    assert (await shop.of(payment)).status is PaymentStatus.PENDING
    await shop.pays(payment, TransactionId=PAID + 1)
    assert await shop.cashier.notes() == ["not paid: 5051", None]
    assert await shop.balance() == 3000


async def test_held_money_is_taken_before_it_counts(shop: Shop) -> None:
    payment = await shop.begins()
    held = transaction(payment.id, Status="Authorized")
    shop.server.says(GET, held, held, transaction(payment.id))
    shop.server.says("/payments/confirm", {"Success": True, "Message": None})
    assert await shop.told("pay", payment, Status="Authorized") == 0
    await shop.looks()
    assert await shop.balance() == 3000
    assert len(shop.server.asked("/payments/confirm")) == 1


async def test_money_for_what_is_paid_already_is_kept_to_be_sent_back(shop: Shop) -> None:
    payment = await shop.pays(await shop.begins())
    for _ in range(2):
        shop.is_paid(payment, TransactionId=PAID + 76)
        assert await shop.told("pay", payment, TransactionId=PAID + 76) == 0
        await shop.looks()
    assert await shop.balance() == 3000
    assert await shop.strays() == [(str(PAID + 76), 300_00)]
    assert await shop.cashier.problems() == ["stray"]
    assert (await shop.of(payment)).charge_id == str(PAID)


@pytest.mark.parametrize("told", [{"Amount": Decimal("3.00")}, {"Currency": "USD"}, {"PublicId": "pk_other"}])
async def test_money_of_another_kind(shop: Shop, told: dict[str, object]) -> None:
    payment = await shop.pays(await shop.begins(), **told)
    assert payment.status is PaymentStatus.PENDING
    assert await shop.balance() == 0
    assert await shop.cashier.problems() == ["payment_mismatch"]


async def test_nobody_pays_after_the_time_is_over(shop: Shop) -> None:
    payment = await shop.begins()
    shop.server.says(CANCEL, 500, sample("order_cancelled"))
    shop.cashier.clock.advance(minutes=61)
    await shop.till.reconciler.round()
    assert shop.server.asked(CANCEL) == []  # who paid at the last moment has paid
    shop.cashier.clock.advance(minutes=2)
    await shop.till.reconciler.round()
    assert (await shop.of(payment)).status is PaymentStatus.PENDING  # the page is there still
    shop.cashier.clock.advance(hours=1)
    await shop.till.reconciler.round()
    closed = await shop.of(payment)
    assert (closed.status, closed.cancel_reason) == (PaymentStatus.CANCELED, "expired_on_confirmation")
    assert [call.body for call in shop.server.asked(CANCEL)] == [{"Id": payment.order_id}] * 2
    assert await shop.told("check", payment) == 20
    await shop.pays(payment)  # whoever was quicker than both
    assert await shop.balance() == 3000


async def test_a_page_whose_answer_was_lost_is_asked_for_within_the_hour_only(shop: Shop) -> None:
    shop.order = {"Success": True, "Message": None, "Model": {}}
    with pytest.raises(Exception, match="bad_answer"):
        await shop.begins()
    shop.server.says(ORDERS, 500)
    for minutes in (1, 20, 40):
        shop.cashier.clock.advance(minutes=minutes)
        await shop.till.reconciler.round()
    [payment] = (await shop.cashier.payments.of_user(shop.anna)).items
    assert (payment.status, payment.cancel_reason) == (PaymentStatus.CANCELED, "no_answer")
    assert {call.key for call in shop.server.asked(ORDERS)} == {str(payment.id)}


async def test_parts_go_back_and_take_their_credits(shop: Shop) -> None:
    payment = await shop.pays(await shop.begins())
    shop.server.says("/payments/refund", {"Success": True, "Message": None, "Model": {"TransactionId": 501}})
    shop.server.says(GET, gone(payment, 501, "100.00"))
    wish = RefundRequest(id=UUID(int=501), payment_id=payment.id, amount=rub(100_00), actor=await shop.cashier.owner())
    await shop.till.refunds.start(wish)
    assert await shop.balance() == 2000
    assert shop.server.asked("/payments/refund")[0].body["TransactionId"] == PAID
    assert await shop.told("refund", payment, TransactionId=501, PaymentTransactionId=PAID) == 0  # ours, told of
    await shop.looks()
    shop.server.says(GET, gone(payment, 502, "200.00", JsonData=None))
    assert await shop.told("refund", payment, TransactionId=502, PaymentTransactionId=PAID) == 0  # in the cabinet
    await shop.looks()
    assert await shop.balance() == 0
    assert await shop.cashier.notes() == [None, None, None]


async def test_what_nobody_told_is_in_the_list(shop: Shop) -> None:
    """A lost notification, a second payment and a refund; a try in vain and another program's money beside them."""
    payment = await shop.begins()
    shop.server.says(FIND, MISSING)
    models = [
        transaction(payment.id)["Model"],
        transaction(payment.id, TransactionId=PAID + 1)["Model"],
        transaction(payment.id, TransactionId=PAID + 2, Status="Declined")["Model"],
        transaction("top-000017", TransactionId=PAID + 3)["Model"],
        gone(payment, 601, "30.00", JsonData=None)["Model"],
    ]
    shop.server.says("/v2/payments/list", {"Success": True, "Message": None, "Model": models})
    for _ in range(2):
        await shop.till.reconciler.round(everything=True)
    assert await shop.balance() == 2700
    assert await shop.strays() == [(str(PAID + 1), 300_00)]


@pytest.mark.parametrize(("amount", "rest"), [("300.00", None), ("100.00", 200), ("0.01", 299.99)])
async def test_a_stray_that_went_back_in_the_cabinet(shop: Shop, amount: str, rest: float | None) -> None:
    """The list is read to its end, time and again; of what went back in a part the rest can still be sent back."""
    payment = await shop.pays(await shop.begins())
    again = {"TransactionId": PAID + 76}
    shop.is_paid(payment, **again)
    await shop.told("pay", payment, **again)
    await shop.looks()
    back = gone(payment, 601, amount, OriginalTransactionId=PAID + 76, JsonData=None)
    listed = [each["Model"] for each in (transaction(payment.id), transaction(payment.id, **again), back)]
    shop.server.says("/v2/payments/list", {"Success": True, "Message": None, "Model": listed})
    for _ in range(2):
        shop.cashier.clock.advance(hours=2)
        assert (await shop.till.reconciler.round()).listed.complete
    strays, owner = Strays(shop.till.ctx, Staff((OWNER,))), await shop.cashier.owner()
    [kept] = (await strays.page()).items
    shop.server.says("/payments/refund", {"Success": True, "Message": None, "Model": {"TransactionId": 602}})
    shop.server.says(GET, gone(payment, 602, str(rest or 0), OriginalTransactionId=PAID + 76))
    sent = [await strays.send_back(kept.id, actor=owner) for _ in range(2)]
    assert {each.status for each in sent} == {StrayStatus.REFUNDED}
    assert [call.body["Amount"] for call in shop.server.asked("/payments/refund")] == ([rest] if rest else [])


async def test_a_stray_of_which_parts_went_back_before_it_was_seen_and_after(shop: Shop) -> None:
    """All of them are reckoned with, each once, however often the list is read."""
    payment = await shop.pays(await shop.begins())
    again = {"TransactionId": PAID + 76}
    parts = [
        gone(payment, 601 + place, amount, OriginalTransactionId=PAID + 76, JsonData=None)["Model"]
        for place, amount in enumerate(("30.00", "40.00"))
    ]
    listed = [transaction(payment.id)["Model"], transaction(payment.id, **again)["Model"], parts[0]]
    shop.server.says("/v2/payments/list", {"Success": True, "Message": None, "Model": listed})
    shop.is_paid(payment, Refunded=True, **again)
    await shop.told("pay", payment, **again)
    await shop.looks()
    [kept] = (await Strays(shop.till.ctx, Staff((OWNER,))).page()).items
    assert kept.returned == rub(30_00)
    for known in ([*listed, parts[1]], [*listed[:2], *parts]):
        shop.server.says("/v2/payments/list", {"Success": True, "Message": None, "Model": known})
        shop.cashier.clock.advance(hours=2)
        await shop.till.reconciler.round(everything=True)
        [kept] = (await Strays(shop.till.ctx, Staff((OWNER,))).page()).items
        assert kept.returned == rub(70_00)


def gone(payment: PaymentView, number: int, amount: str, **more: object) -> dict[str, Any]:  # Any: JSON
    data = {"kassandra_refund": str(UUID(int=number))}
    told = {"Type": 1, "TransactionId": number, "OriginalTransactionId": PAID, "Amount": Decimal(amount)}
    return transaction(payment.id, **{**told, "JsonData": data, **more})
