"""A whole shop before the sandbox's YooKassa: webhooks, and all that goes wrong there."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from sqlalchemy import make_url

from bot.app import App
from bot.cli.payments import report
from db.tables.payments import PaymentStatus, RefundStatus
from sandbox.client.sandbox import Sandbox
from services.money import rub
from services.payments.providers.base import ResultUnknown
from services.payments.refunds.begin import RefundRequest
from services.users.actor import Actor
from tests.conversations.stage import OWNER_ID, shop_settings
from tests.integration.payments.stand import PARTS, Stand, open_stand
from tests.support.databases import SqliteServer
from tests.support.tills import renewals_of
from tests.support.waiting import until


@pytest.fixture
async def stand(sandbox: Sandbox, database_url: str) -> AsyncIterator[Stand]:
    async with open_stand(sandbox, database_url) as stand:
        yield stand


@pytest.fixture
async def quick(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Stand]:
    async with open_stand(sandbox, sqlite_url) as stand:
        yield stand


async def test_the_webhook_credits_and_the_chat_says_so(stand: Stand) -> None:
    anna, user_id = await stand.customer()
    payment = await stand.begins(user_id)
    await stand.shop.pays()
    await anna.sees("Оплачено: 300 ₽, зачислено 30,00 кредитов")
    assert await stand.balance(user_id) == 4000
    assert [each["status"] for each in await stand.shop.webhooks()] == ["delivered"]
    assert await stand.shop.sends_again(1, times=20) == [200] * 20
    assert await stand.balance(user_id) == 4000
    assert (await stand.app.services.payment_queries.get(payment.id)).status is PaymentStatus.SUCCEEDED


async def test_a_decline_and_a_refund_in_the_cabinet_are_told(quick: Stand) -> None:
    anna, user_id = await quick.customer()
    await quick.begins(user_id)
    await quick.shop.declines("insufficient_funds")
    await anna.sees("Платёж на 300 ₽ не прошёл")
    await quick.begins(user_id, 500_00)
    await quick.shop.pays(method="sbp")
    await anna.sees("Оплачено: 500 ₽")
    await quick.shop.refunds_in_cabinet(amount="200.00")
    await anna.sees("200 ₽ отправлены вам обратно")
    assert await quick.balance(user_id) == 1000 + 3000


async def test_what_is_posted_by_others_changes_nothing(quick: Stand) -> None:
    _, user_id = await quick.customer()
    payment = await quick.begins(user_id)
    forged = {
        "type": "notification",
        "event": "payment.succeeded",
        "object": {
            "id": payment.provider_payment_id,
            "status": "succeeded",
            "paid": True,
            "amount": {"value": "300.00", "currency": "RUB"},
            "metadata": {"payment_id": str(payment.id)},
        },
    }
    assert await quick.shop.notify(forged) == 200
    assert await quick.shop.notify(forged, headers={"X-Forwarded-For": "203.0.113.7"}) == 403
    assert await quick.shop.notify(forged, headers={"X-Forwarded-For": "77.75.153.1, 203.0.113.7"}) == 403
    assert await quick.shop.notify(forged, headers={"X-Forwarded-For": "77.75.153.1"}) == 200
    assert await quick.shop.notify(raw="not JSON") == 400
    assert await quick.shop.notify(["payment.succeeded"]) == 400
    assert await quick.shop.notify({"type": "notification", "event": "shop.closed", "object": {"id": "1"}}) == 200
    assert await quick.shop.notify(raw='"' + "a" * 400_000 + '"') == 413
    await quick.till.events.handle_due()
    assert await quick.balance(user_id) == 1000
    await quick.shop.pays()
    await until(lambda: _has(quick, user_id, 4000))


async def _has(stand: Stand, user_id: int, balance: int) -> bool:
    return await stand.balance(user_id) == balance


async def test_ten_megabytes(quick: Stand) -> None:
    url = f"http://127.0.0.1:{quick.app.web_port}/webhooks/yookassa"
    async with aiohttp.ClientSession() as http:
        try:
            async with http.post(url, data=BytesIO(b"[" + b"1," * 5_000_000 + b"1]")) as answer:
                assert answer.status == 413
        except aiohttp.ClientConnectionError:
            pass  # cut while it was still sending
        async with http.post(url, data=b"{}") as answer:
            assert answer.status == 400


async def test_strangers_of_a_real_shop(sandbox: Sandbox, sqlite_url: str) -> None:
    """With YooKassa's own address in the settings this machine is nobody special."""
    settings = shop_settings(sandbox, sqlite_url, yookassa_shop_id="1", yookassa_secret_key="live_x")
    body = json.dumps({"type": "notification", "event": "shop.closed", "object": {"id": "1"}})
    async with App(settings, parts=PARTS).running() as app, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{app.web_port}/webhooks/yookassa"
        for forwarded, status in ((None, 403), ("203.0.113.7", 403), ("185.71.76.1", 200), ("2a02:5180::1", 200)):
            headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
            async with http.post(url, data=body, headers=headers) as answer:
                assert answer.status == status


async def test_an_address_told_by_a_stranger_is_not_believed(sandbox: Sandbox, sqlite_url: str) -> None:
    settings = shop_settings(
        sandbox, sqlite_url, yookassa_shop_id="1", yookassa_secret_key="live_x", trusted_proxies=()
    )
    async with App(settings, parts=PARTS).running() as app, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{app.web_port}/webhooks/yookassa"
        async with http.post(url, data=b"{}", headers={"X-Forwarded-For": "185.71.76.1"}) as answer:
            assert answer.status == 403


async def test_a_shop_without_yookassa_has_no_such_address(sandbox: Sandbox, sqlite_url: str) -> None:
    async with App(shop_settings(sandbox, sqlite_url), parts=PARTS).running() as app, aiohttp.ClientSession() as http:
        assert app.services.payments is None
        async with http.post(f"http://127.0.0.1:{app.web_port}/webhooks/yookassa", data=b"{}") as answer:
            assert answer.status == 404


async def test_a_database_that_is_away_means_503(sandbox: Sandbox, sqlite_server: SqliteServer) -> None:
    """Another process holds SQLite's one lock for longer than we wait."""
    url = sqlite_server.create()
    async with open_stand(sandbox, url) as stand:
        _, user_id = await stand.customer()
        await stand.begins(user_id)
        stand.app.db.busy_timeout_ms = 50
        assert stand.app.db._writer is not None
        await asyncio.to_thread(stand.app.db._writer.close)
        stand.app.db._writer = None
        other = sqlite3.connect(str(make_url(url).database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await stand.shop.pays()
        [webhook] = await stand.shop.webhooks(wait=1)
        assert webhook["attempts"][0]["status"] == 503
        other.execute("ROLLBACK")
        other.close()
        await sandbox.advance(5)
        await until(lambda: _has(stand, user_id, 4000))


async def test_a_payment_that_changed_its_amount(quick: Stand) -> None:
    olga = await quick.sandbox.person("Ольга", language_code="ru", id=OWNER_ID, role="owner")
    await olga.says("/start")
    await olga.sees("Здравствуйте")
    _, user_id = await quick.customer()
    payment = await quick.begins(user_id)
    await quick.shop.tampers(amount="1.00")
    await quick.shop.pays()
    await olga.sees("Платёж в ЮKassa не такой, как у нас в учёте")
    assert await quick.balance(user_id) == 1000
    assert (await quick.app.services.payment_queries.get(payment.id)).status is PaymentStatus.PENDING


@pytest.mark.parametrize("change", [{"account_id": "999"}, {"currency": "USD"}, {"test": None}, {"metadata": {}}])
async def test_a_payment_that_is_not_ours(quick: Stand, change: dict[str, Any]) -> None:
    _, user_id = await quick.customer()
    payment = await quick.begins(user_id)
    if "test" in change:
        change = {"test": not payment.test}
    await quick.shop.tampers(**change)
    await quick.shop.pays()
    await quick.shop.webhooks()
    await quick.till.events.handle_due()
    assert await quick.balance(user_id) == 1000


async def test_lost_repeated_and_reordered_webhooks(quick: Stand) -> None:
    _, user_id = await quick.customer()
    await quick.shop.fault("lose", "payment.succeeded")
    await quick.begins(user_id)
    await quick.shop.pays()
    payments = quick.app.services.payment_queries
    lines = await report(quick.till, renewals_of(quick.till), payments)
    assert lines[0].endswith("credited (300.00 RUB, 30.00 credits, user 1)")
    assert lines[-1] == "1 changed, 0 notifications handled."
    assert await report(quick.till, renewals_of(quick.till), payments) == ["0 changed, 0 notifications handled."]
    await quick.shop.fault("repeat", "payment.succeeded", copies=5)
    await quick.begins(user_id)
    await quick.shop.pays()
    await until(lambda: _has(quick, user_id, 7000))
    await quick.shop.webhooks()
    assert await quick.balance(user_id) == 7000


async def test_lost_answers_of_everything(quick: Stand) -> None:
    anna, user_id = await quick.customer()
    await quick.shop.fault("500_after", "payments.create")
    with pytest.raises(ResultUnknown):
        await quick.begins(user_id)
    await report(quick.till, renewals_of(quick.till), quick.app.services.payment_queries)
    await anna.sees("300 ₽")
    await quick.shop.pays()
    await anna.sees("Оплачено: 300 ₽")
    payment = (await quick.app.services.payment_queries.latest()).items[0]
    await quick.shop.fault("lose", "refund.succeeded")
    await quick.shop.fault("html_after", "refunds.create")
    wish = RefundRequest(id=uuid4(), payment_id=payment.id, amount=rub(100_00), actor=Actor.system())
    with pytest.raises(ResultUnknown):
        await quick.till.refunds.start(wish)
    lines = await report(quick.till, renewals_of(quick.till), quick.app.services.payment_queries)
    assert lines[0] == f"refund {wish.id}: succeeded (100.00 RUB, 10.00 credits taken)"
    assert len(await quick.shop.refunds()) == 1
    refund = await quick.app.services.payment_queries.refund(wish.id)
    assert refund is not None
    assert refund.status is RefundStatus.SUCCEEDED
    assert await quick.balance(user_id) == 3000


async def test_a_late_payer(quick: Stand) -> None:
    anna, user_id = await quick.customer()
    await quick.begins(user_id)
    await quick.shop.expires()
    await anna.sees("не прошёл")
    await quick.shop.pays(force=True)
    await anna.sees("Оплачено: 300 ₽")
    assert await quick.balance(user_id) == 4000
