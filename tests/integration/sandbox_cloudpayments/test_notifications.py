"""Notifications: what they say, who signed them, repeats until code 0, faults on the way."""

import base64
import hmac
from collections import defaultdict
from urllib.parse import unquote_plus

import pytest

from sandbox.client.cloudpayments import CloudPaymentsSite
from sandbox.client.sandbox import Sandbox
from tests.integration.sandbox_cloudpayments.conftest import MINUTE, NO_MONEY, Api, Receiver, order
from tests.support.cloudpayments import SAMPLES


def digest(secret: str, message: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), message, "sha256").digest()).decode()


@pytest.mark.parametrize("form", ["form", "json"])
async def test_each_is_signed(api: Api, site: CloudPaymentsSite, receiver: Receiver, form: str) -> None:
    await site.change(format=form)
    await api("orders/create", **order())
    await site.pays()
    for _ in range(2):
        told = await receiver.next()
        plain = unquote_plus(told.raw.decode()).encode() if form == "form" else told.raw
        assert told.headers["Content-HMAC"] == digest(site.api_secret, told.raw)
        assert told.headers["X-Content-HMAC"] == digest(site.api_secret, plain)
        assert told.fields["Description"] == "Кредиты + подарок"
        assert told.fields["Data"] == '{"purpose": "a+b&c=d"}'
    assert (told.fields["SubscriptionId"], told.fields["TestMode"]) == (("", "1") if form == "form" else (None, 1))


async def test_they_have_the_fields_of_the_samples(api: Api, site: CloudPaymentsSite, receiver: Receiver) -> None:
    await api("orders/create", **order(RequireConfirmation=True))
    await site.pays()
    await site.pays(card=NO_MONEY, force=True)
    paid = (await site.transactions())[1]["TransactionId"]
    await api("payments/confirm", TransactionId=paid, Amount=299.1)
    await api("payments/refund", TransactionId=paid, Amount=1)
    await site.pays(force=True)
    await api("payments/void", TransactionId=(await site.transactions())[0]["TransactionId"])
    told = [await receiver.next() for _ in range(9)]
    samples: dict[str, set[str]] = defaultdict(set)
    for each in SAMPLES["notifications"]:
        samples[each["type"].lower()] |= each["fields"].keys()
    for kind in ("check", "pay", "fail", "confirm", "refund", "cancel"):
        [fields] = [each.fields for each in told if each.kind == kind][:1]
        assert fields.keys() - samples[kind] <= {"Data"}
        never = {"Status"} if kind in ("fail", "refund", "cancel") else set()
        assert not fields.keys() & never
        assert {"TransactionId", "Amount", "InvoiceId", "AccountId"} <= fields.keys()


async def test_repeated_until_code_0(api: Api, sandbox: Sandbox, site: CloudPaymentsSite, receiver: Receiver) -> None:
    await api("orders/create", **order())
    receiver.answers.extend([13, "no JSON", 13, 13, 13, 13])
    await site.pays()
    assert await receiver.kinds(2) == ["check", "pay"]
    for minutes in (1, 2, 5, 10, 30, 30):
        assert (await site.webhooks())[1]["status"] == "waiting"
        await sandbox.advance(minutes * MINUTE - 1)
        assert receiver.got.empty()
        await sandbox.advance(1)
        assert (await receiver.next()).kind == "pay"
    assert (await site.webhooks())[1]["status"] == "delivered"


async def test_lost_repeated_late_and_in_another_order(
    api: Api, sandbox: Sandbox, site: CloudPaymentsSite, receiver: Receiver
) -> None:
    await api("orders/create", **order())
    await site.fault("lose", "pay")
    await site.fault("repeat", "refund", copies=2)
    await site.pays()
    await site.refunds_in_cabinet(amount="1.00")
    assert await receiver.kinds(4) == ["check", "refund", "refund", "refund"]
    await site.fault("reorder", "pay")
    await site.pays(force=True)
    await site.refunds_in_cabinet(amount="1.00")
    assert await receiver.kinds(3) == ["check", "refund", "pay"]
    await site.fault("delay", "refund", seconds=90)
    await site.refunds_in_cabinet(amount="1.00")
    assert receiver.got.empty()
    await sandbox.advance(90)
    assert await receiver.kinds(1) == ["refund"]


async def test_forged_ones(site: CloudPaymentsSite, receiver: Receiver) -> None:
    assert await site.notify("pay", {"TransactionId": 1}, signed=False) == 200
    assert "Content-HMAC" not in (await receiver.next()).headers
    assert await site.notify("pay", {"TransactionId": 1}) == 200
    told = await receiver.next()
    assert told.headers["Content-HMAC"] == digest(site.api_secret, told.raw)
    assert await site.notify("pay", raw="junk", headers={"Content-HMAC": "mine"}) == 200
    assert (await receiver.next()).headers["Content-HMAC"] == "mine"


async def test_the_account_says_where_they_go(api: Api, site: CloudPaymentsSite, receiver: Receiver) -> None:
    told = (await api("site/notifications/pay/get"))["Model"]
    assert (told["IsEnabled"], told["Address"], told["HttpMethod"]) == (True, f"{receiver.url}/pay", "POST")
    assert (await api("site/notifications/pay/update", IsEnabled=True, Address=told["Address"]))["Success"]
    assert (await api("site/notifications/Pay/get"))["Model"]["HttpMethod"] == "GET"  # unless told otherwise
    assert not (await api("site/notifications/check/update", IsEnabled=False))["Success"]
    assert not (await api("site/notifications/none/get"))["Success"]
