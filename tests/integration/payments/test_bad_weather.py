"""A YooKassa in bad weather, for every call alike: what it means, what is done about it, and what gets into the log."""

import asyncio
import base64
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import structlog.testing

from db.tables.payments import PaymentStatus, RefundStatus
from sandbox.client.sandbox import Sandbox, Shop
from services.money import rub
from services.payments.providers.base import NewRefund, NotAuthorized, ProviderError, Refused, ResultUnknown
from services.payments.providers.yookassa.provider import YooKassa
from services.payments.refunds.begin import RefundRequest
from services.users.actor import Actor
from tests.integration.payments.stand import Stand, open_stand, order, provider
from tests.support.faults import Fault
from tests.support.tills import MERCHANT, OWNER, Cashier
from tests.support.waiting import until
from tests.support.yookassa import FakeYooKassa

Call = Callable[[YooKassa, Shop], Awaitable[Callable[[YooKassa], Awaitable[object]]]]
KINDS: dict[str, type[ProviderError]] = {
    "500": ResultUnknown,
    "500_after": ResultUnknown,
    "html": ResultUnknown,
    "html_after": ResultUnknown,
    "429": ResultUnknown,
    "cut": ResultUnknown,
    "cut_after": ResultUnknown,
    "hang": ResultUnknown,
    "hang_after": ResultUnknown,
    "broken": ResultUnknown,
    "401": NotAuthorized,
    "403": NotAuthorized,
}


async def a_create(yookassa: YooKassa, _: Shop) -> Callable[[YooKassa], Awaitable[object]]:
    wanted = order()
    return lambda client: client.create(wanted)


async def a_get(yookassa: YooKassa, _: Shop) -> Callable[[YooKassa], Awaitable[object]]:
    made = await yookassa.create(order())
    return lambda client: client.get(made.id)


async def a_capture(yookassa: YooKassa, shop: Shop) -> Callable[[YooKassa], Awaitable[object]]:
    """Our orders are captured at once; one of two stages is made by hand."""
    body = {"amount": {"value": "300.00", "currency": "RUB"}, "capture": False}
    body |= {"confirmation": {"type": "redirect", "return_url": "https://t.me/shop"}}
    key = {"Idempotence-Key": str(uuid4())}
    made = await asyncio.to_thread(yookassa._client.request, "POST", "/payments", None, key, body)
    await shop.pays(made["id"])
    ours = uuid4()
    return lambda client: client.capture(made["id"], key=ours)


async def a_refund(yookassa: YooKassa, shop: Shop) -> Callable[[YooKassa], Awaitable[object]]:
    made = await yookassa.create(order())
    await shop.pays(made.id)
    wanted = NewRefund(id=uuid4(), provider_payment_id=made.id, amount=rub(100_00), description="back")
    return lambda client: client.refund(wanted)


async def a_get_refund(yookassa: YooKassa, shop: Shop) -> Callable[[YooKassa], Awaitable[object]]:
    made = await yookassa.create(order())
    await shop.pays(made.id)
    refund = await shop.refunds_in_cabinet(made.id, amount="10.00")
    return lambda client: client.get_refund(refund["id"])


CALLS: dict[str, Call] = {
    "payments.create": a_create,
    "payments.get": a_get,
    "payments.capture": a_capture,
    "refunds.create": a_refund,
    "refunds.get": a_get_refund,
}


@pytest.mark.parametrize("name", CALLS)
async def test_every_call_in_every_weather(sandbox: Sandbox, name: str) -> None:
    """It fails by its name, and the same call again finds what the first one did: once. Who waits in vain is hasty; who
    is answered has all the time that a busy machine takes."""
    shop = await sandbox.shop()
    async with provider(shop, read_seconds=60) as yookassa, provider(shop, read_seconds=0.1) as hasty:
        for kind, error in KINDS.items():
            call = await CALLS[name](yookassa, shop)
            made, sent = len(await shop.payments()), len(await shop.refunds())
            before = len(await shop.log(name))
            await shop.fault(kind, name)
            with pytest.raises(error) as raised:
                await call(hasty if kind.startswith("hang") else yookassa)
            await until(partial(_was_asked, shop, name, before))
            assert type(raised.value) is error, kind
            assert shop.secret_key not in repr(raised.value) + str(raised.value)
            assert await call(yookassa) == await call(yookassa) or name == "payments.capture", kind
            assert len(await shop.payments()) == made + (name == "payments.create"), kind
            assert len(await shop.refunds()) == sent + (name == "refunds.create"), kind


async def _was_asked(shop: Shop, name: str, before: int) -> bool:
    return len(await shop.log(name)) > before


async def test_nobody_at_home(sandbox: Sandbox) -> None:
    shop = await sandbox.shop()
    async with provider(shop) as yookassa:
        calls = [await make(yookassa, shop) for make in CALLS.values()]
        yookassa._client.endpoint = "http://127.0.0.1:9/v3"
        for call in calls:
            with pytest.raises(ResultUnknown) as raised:
                await call(yookassa)
            assert raised.value.code == "ConnectionError"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"", 200),
        (b"null", 200),
        (b"[]", 200),
        (b"{}", 200),
        (b"\xff", 200),
        (b"[" * 100_000, 200),
        (b'{"id": "1", "status": "succeeded", "test": true, "amount": {"value": "1e2", "currency": "RUB"}}', 200),
        (b'{"id": "1", "status": "succeeded", "test": true, "amount": {"value": 300.001, "currency": "RUB"}}', 200),
        (b'{"id": "1", "status": "succeeded", "test": "no", "amount": {"value": "300.00", "currency": "RUB"}}', 200),
        (b'{"id": null, "status": "succeeded", "test": true, "amount": {"value": "3.00", "currency": "RUB"}}', 200),
        (b'{"id": "1", "status": "succeeded", "test": true, "metadata": 5, "amount": {"value": "3.00"}}', 200),
        (b"<html>Bad gateway</html>", 502),
        (b'{"type": "processing"}', 202),
        (b"", 204),
        (b"", 302),
        (b'{"code": "too_many_requests"}', 429),
    ],
    ids=lambda each: repr(each)[:60],
)
async def test_answers_that_tell_nothing(answer: bytes, status: int) -> None:
    """Never a crash, and never money."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: {len(answer)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v3"
        yookassa = YooKassa(shop_id="1", secret_key="test_x", api_url=url, read_seconds=5)
        refund = NewRefund(id=uuid4(), provider_payment_id=str(uuid4()), amount=rub(1), description="x")
        said = await asyncio.gather(
            yookassa.get("1"),
            yookassa.create(order()),
            yookassa.capture("1", key=uuid4()),
            yookassa.refund(refund),
            yookassa.get_refund("1"),
            return_exceptions=True,
        )
        assert [type(each) for each in said] == [ResultUnknown] * 5, said
        yookassa.close()


async def test_no_secret_gets_into_the_log(
    sandbox: Sandbox,
    sqlite_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All that the shop and its libraries log while everything goes wrong, before anything is masked."""
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as entries:
        async with open_stand(sandbox, sqlite_url) as stand:
            yookassa = stand.shop
            _, user_id = await stand.customer()
            paid = await stand.begins(user_id)
            await yookassa.pays()
            for kind in ("500", "html", "401", "429", "cut", "broken", "403"):
                await everything(stand, user_id, kind)
            assert (await stand.app.services.payment_queries.get(paid.id)).status is PaymentStatus.SUCCEEDED
            secret = yookassa.secret_key
            basic = base64.b64encode(f"{yookassa.shop_id}:{secret}".encode()).decode()
    said = json.dumps(entries, default=_with_traceback) + caplog.text
    events = {entry["event"] for entry in entries}
    assert {"payment_not_checked", "refund_not_checked", "payments_not_authorized"} <= events
    assert "http_500" in said or "internal_server_error" in said
    assert secret not in said
    assert basic not in said
    assert "Authorization" not in said


def _with_traceback(value: object) -> str:
    return "".join(traceback.format_exception(value)) if isinstance(value, BaseException) else repr(value)


async def everything(stand: Stand, user_id: int, kind: str) -> None:
    """Each call of the shop's once in this weather, then once in the sun."""
    yookassa = stand.shop
    payment = await stand.begins(user_id, 100_00)
    await yookassa.fault("lose", "payment.succeeded")
    await yookassa.pays(payment.provider_payment_id or "")
    await yookassa.fault(kind, "payments.create")
    await yookassa.fault(kind, "payments.get", times=3)
    with pytest.raises(ProviderError):
        await stand.begins(user_id)
    with pytest.raises(ProviderError):
        await stand.till.settlement.ask(payment.id)
    await stand.till.reconciler.round(everything=True)
    await yookassa.clear_faults()
    await stand.till.reconciler.round(everything=True)
    assert (await stand.app.services.payment_queries.get(payment.id)).status is PaymentStatus.SUCCEEDED
    await yookassa.fault(f"{kind}_after" if kind in ("500", "html", "cut") else kind, "refunds.create", times=2)
    wish = RefundRequest(id=uuid4(), payment_id=payment.id, amount=rub(10_00), actor=Actor.system(), reason="weather")
    with pytest.raises(ProviderError):
        await stand.till.refunds.start(wish)
    await stand.till.reconciler.round(everything=True)
    await yookassa.clear_faults()
    await stand.till.reconciler.round(everything=True)
    refunds = await stand.app.services.payment_queries.refunds(payment.id)
    refused = kind in ("401", "403")  # a new refund whose key is not taken was certainly not made
    assert [each.status for each in refunds] == [RefundStatus.CANCELED if refused else RefundStatus.SUCCEEDED]


async def test_a_refund_that_was_made_and_whose_repeat_is_refused(cashier: Cashier) -> None:
    """The receipt's settings changed before the repeat: to YooKassa it is another request under the same key. That it
    refuses this one says nothing of the first."""
    await cashier.customer(telegram_id=OWNER)
    cashier.restart(replace(MERCHANT, vat_code=1))
    anna = await cashier.customer()
    made, never = [await cashier.pays(anna) for _ in range(2)]
    for payment, fault in ((made, Fault.LOST_ANSWER), (never, Fault.LOST)):
        cashier.yookassa.faults.append(fault)
        with pytest.raises(ResultUnknown):
            await cashier.refunds(payment, 100_00)
    [unheard] = await cashier.payments.refunds(never.id)
    cashier.yookassa._keys[str(unheard.id)] = (cashier.clock(), "another body", "x")
    cashier.restart(replace(MERCHANT, vat_code=2))
    cashier.clock.advance(minutes=1)
    await cashier.till.reconciler.round()
    [refund], [unheard] = [await cashier.payments.refunds(payment.id) for payment in (made, never)]
    assert (refund.status, unheard.status) == (RefundStatus.SUCCEEDED, RefundStatus.CANCELED)
    assert unheard.cancel_reason == "invalid_request"
    assert refund.credits_taken == 1000
    assert await cashier.problems() == ["refund_failed"]
    await cashier.notified()
    assert await cashier.balance(anna) == 5000
    await cashier.is_sound()


@pytest.mark.parametrize("name", ["create", "get", "capture", "refund"])
async def test_an_answer_with_another_amount(quick: Cashier, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever call brings it: nothing is credited or taken, the owners are told once."""
    await quick.customer(telegram_id=OWNER)
    anna = await quick.customer()
    real: Callable[..., Awaitable[Any]] = getattr(FakeYooKassa, name)  # Any: a payment or a refund

    async def changed(*args: object, **more: object) -> object:
        return replace(await real(*args, **more), amount=rub(1_00))

    quick.yookassa.holds = name == "capture"
    before = await quick.pays(anna) if name == "refund" else None
    monkeypatch.setattr(FakeYooKassa, name, changed)
    if before is not None:
        await quick.refunds(before, 200_00)
    elif name == "create":
        with pytest.raises(Refused):
            await quick.begins(anna)
    else:
        payment = await quick.begins(anna)
        quick.yookassa.pay(payment.provider_payment_id or "")
        for _ in range(2 if name == "get" else 1):
            await quick.till.settlement.check(payment)
    assert await quick.balance(anna) == (0 if before is None else before.credits)
    assert await quick.problems() == ["payment_mismatch" if before is None else "refund_mismatch"]
    await quick.is_sound()
