"""Notifications to the shop: what they say, repeats until 200, and faults on the way."""

import json

import pytest

from sandbox.client.sandbox import Sandbox, Shop
from tests.integration.sandbox_yookassa.conftest import DAY, HOUR, Api, Receiver, created
from tests.unit.sandbox.yookassa_spec import SAMPLES, flat, needed, schema_of, validate


async def test_the_shop_hears_of_what_happens(api: Api, sandbox: Sandbox, shop: Shop, receiver: Receiver) -> None:
    payment = await created(api, capture=False, save_payment_method=True)
    await shop.pays()
    held = await receiver.next()
    assert (held["type"], held["event"]) == ("notification", "payment.waiting_for_capture")
    assert held["object"]["id"] == payment["id"]
    assert (await receiver.next())["event"] == "payment_method.active"
    _, taken = await api("POST", f"payments/{payment['id']}/capture")
    assert await receiver.next() == {"type": "notification", "event": "payment.succeeded", "object": taken}
    refund = await shop.refunds_in_cabinet(amount="10.00")
    assert await receiver.next() == {"type": "notification", "event": "refund.succeeded", "object": refund}
    await created(api)
    await sandbox.advance(HOUR)
    canceled = await receiver.next()
    assert (canceled["event"], canceled["object"]["status"]) == ("payment.canceled", "canceled")
    assert {each["status"] for each in await shop.webhooks()} == {"delivered"}


async def test_notifications_look_like_the_documentations_samples(api: Api, shop: Shop, receiver: Receiver) -> None:
    samples = {each["event"]: each for each in needed(SAMPLES)}
    await created(api)
    await shop.pays()
    await shop.refunds_in_cabinet()
    for schema in ("Payment", "Refund"):
        told = await receiver.next()
        sample = samples[told["event"]]
        assert told.keys() == sample.keys()
        validate(schema, told["object"])
        known = flat(schema_of(schema))["properties"]
        missing = sample["object"].keys() & known.keys() - told["object"].keys()
        assert missing <= {"receipt_registration", "description"}


async def test_repeated_with_growing_pauses_until_exactly_200(
    api: Api, sandbox: Sandbox, shop: Shop, receiver: Receiver
) -> None:
    receiver.statuses.extend([500, 204, 302, 404])
    await created(api)
    await shop.pays()
    first = await receiver.next()
    for pause in (1, 2, 4, 8):
        assert (await shop.webhooks())[0]["status"] == "waiting"
        await sandbox.advance(pause - 0.5)
        assert receiver.got.empty()
        await sandbox.advance(0.5)
        assert await receiver.next() == first
    webhook = (await shop.webhooks())[0]
    assert webhook["status"] == "delivered"
    assert [each["status"] for each in webhook["attempts"]] == [500, 204, 302, 404, 200]


async def test_given_up_after_a_day(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    await shop.change(webhook_url="http://127.0.0.1:9/nobody")
    await created(api)
    await shop.pays()
    for _ in range(60):
        if (await shop.webhooks())[0]["status"] == "given_up":
            break
        await sandbox.advance(HOUR)
    webhook = (await shop.webhooks())[0]
    assert webhook["status"] == "given_up"
    assert 20 < len(webhook["attempts"]) < 45
    assert webhook["attempts"][-1]["at"] - webhook["created_at"] <= DAY
    assert webhook["attempts"][0]["error"]


async def test_a_shop_without_an_address_is_not_told(api: Api, shop: Shop) -> None:
    await created(api)
    await shop.pays()
    assert [each["status"] for each in await shop.webhooks()] == ["unsent"]


async def test_lost(api: Api, shop: Shop, receiver: Receiver) -> None:
    await shop.fault("lose")
    await created(api)
    await shop.pays()
    await shop.refunds_in_cabinet()
    assert (await receiver.next())["event"] == "refund.succeeded"
    lost, _ = await shop.webhooks()
    assert (lost["event"], lost["status"], lost["attempts"]) == ("payment.succeeded", "lost", [])
    assert await shop.sends_again(lost["n"]) == [200]
    assert (await receiver.next())["event"] == "payment.succeeded"


async def test_repeated(api: Api, shop: Shop, receiver: Receiver) -> None:
    await shop.fault("repeat", "payment.succeeded", copies=3)
    await created(api)
    await shop.pays()
    assert await receiver.events(4) == ["payment.succeeded"] * 4
    (webhook,) = await shop.webhooks()
    assert len(webhook["attempts"]) == 4
    assert await shop.sends_again(webhook["n"], times=20) == [200] * 20


async def test_delayed(api: Api, sandbox: Sandbox, shop: Shop, receiver: Receiver) -> None:
    await shop.fault("delay", seconds=90)
    await created(api)
    await shop.pays()
    await sandbox.advance(89)
    assert receiver.got.empty()
    await sandbox.advance(1)
    assert (await receiver.next())["event"] == "payment.succeeded"


async def test_reordered(api: Api, sandbox: Sandbox, shop: Shop, receiver: Receiver) -> None:
    await shop.fault("reorder")
    await created(api)
    await shop.pays()
    assert (await shop.webhooks())[0]["status"] == "held"
    await shop.refunds_in_cabinet()
    assert await receiver.events(2) == ["refund.succeeded", "payment.succeeded"]
    assert [each["status"] for each in await shop.webhooks()] == ["delivered", "delivered"]
    await sandbox.advance(DAY)
    assert receiver.got.empty()


async def test_one_held_back_goes_alone_in_the_end(api: Api, sandbox: Sandbox, shop: Shop, receiver: Receiver) -> None:
    await shop.fault("reorder", seconds=30)
    await created(api)
    await shop.pays()
    await sandbox.advance(30)
    assert (await receiver.next())["event"] == "payment.succeeded"


@pytest.mark.parametrize("raw", ["", "not json", "[1]", '{"type": "notification"}'])
async def test_forged(shop: Shop, receiver: Receiver, raw: str) -> None:
    assert await shop.notify(raw=raw, headers={"X-Forwarded-For": "185.71.76.1"}) == 200
    assert receiver.raw == [raw.encode()]
    assert receiver.headers[0]["X-Forwarded-For"] == "185.71.76.1"
    receiver.statuses.append(403)
    assert await shop.notify({"event": "payment.succeeded", "object": {"id": "x"}}) == 403
    assert json.loads(receiver.raw[-1])["object"] == {"id": "x"}
    assert [each["status"] for each in await shop.webhooks()] == ["delivered", "refused"]
