"""The provider's own SDK against the simulated API."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from yookassa import Configuration, Payment, Refund, Settings
from yookassa.domain.exceptions import BadRequestError, NotFoundError, TooManyRequestsError, UnauthorizedError
from yookassa.domain.notification import WebhookNotificationFactory

from sandbox.client.sandbox import Shop
from tests.integration.sandbox_yookassa.conftest import Receiver, order, receipt

T = TypeVar("T")


@pytest.fixture(autouse=True)
def configured(shop: Shop) -> Iterator[None]:
    Configuration.configure(shop.shop_id, shop.secret_key, api_url=shop.api_url)
    yield
    Configuration.configure("", "")


async def run(work: Callable[..., T], *args: Any) -> T:
    return await asyncio.to_thread(work, *args)


async def test_a_sale_and_a_refund(shop: Shop, receiver: Receiver) -> None:
    key = str(uuid.uuid4())
    body = order("300.00", capture=False, receipt=receipt("100.00", quantity=3))
    made = await run(Payment.create, body, key)
    assert (made.status, made.test, str(made.amount.value)) == ("pending", True, "300.00")
    assert made.confirmation.confirmation_url.startswith("http://127.0.0.1:")
    assert (await run(Payment.create, body, key)).id == made.id
    await shop.pays()
    assert (await run(Payment.find_one, made.id)).status == "waiting_for_capture"
    taken = await run(Payment.capture, made.id, None, str(uuid.uuid4()))
    assert (taken.status, taken.paid, taken.payment_method.card.last4) == ("succeeded", True, "4477")
    refund = await run(Refund.create, {"payment_id": made.id, "amount": {"value": "100.00", "currency": "RUB"}})
    assert (await run(Refund.find_one, refund.id)).payment_id == made.id
    assert str((await run(Payment.find_one, made.id)).refunded_amount.value) == "100.00"
    assert [each.id for each in (await run(Payment.list, {"limit": 5})).items] == [made.id]
    assert [each.id for each in (await run(Refund.list, {"payment_id": made.id})).items] == [refund.id]
    for event in ("payment.waiting_for_capture", "payment.succeeded", "refund.succeeded"):
        told = WebhookNotificationFactory().create(await receiver.next())
        assert told.event == event
        assert told.object.id == (refund.id if event == "refund.succeeded" else made.id)


async def test_what_is_let_go(shop: Shop) -> None:
    made = await run(Payment.create, order(capture=False))
    await shop.pays(method="sbp")
    let_go = await run(Payment.cancel, made.id)
    assert (let_go.status, let_go.cancellation_details.reason) == ("canceled", "canceled_by_merchant")


async def test_errors_are_the_sdks(shop: Shop) -> None:
    with pytest.raises(BadRequestError) as refused:
        await run(Payment.create, order("0.10"))
    assert refused.value.content["parameter"] == "amount.value"
    with pytest.raises(NotFoundError):
        await run(Payment.find_one, "22d6d597-000f-5000-9000-145f6df21d6f")
    await shop.fault("429")
    with pytest.raises(TooManyRequestsError):
        await run(Payment.list)
    await shop.change(secret_key="another")
    with pytest.raises(UnauthorizedError):
        await run(Payment.list)


async def test_settings_of_the_shop(shop: Shop) -> None:
    me = await run(Settings.get_account_settings)
    assert (me.account_id, me.test, me.fiscalization_enabled) == (shop.shop_id, True, False)
