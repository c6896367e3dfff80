"""Telegram is newer than the shop: what it sends oddly is answered, and nobody else notices."""

from functools import partial
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.app import App
from db.tables.payments import StrayStatus
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world
from tests.conversations.stage import Stage, shop_settings, webhook_settings
from tests.support.databases import SqliteServer
from tests.support.odd_updates import messages, others
from tests.support.waiting import until

NAMES = sorted(messages(1))


async def _answers(person: Person) -> int:
    return len([message for message in await person.looks() if message.from_bot])


async def _has_more(person: Person, than: int) -> bool:
    return await _answers(person) > than


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_odd_is_answered(stage: Stage, anna: Person, john: Person, name: str) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    before = await _answers(anna)
    await stage.sandbox.update(messages(anna.id)[name])
    await john.says("/start")
    await john.sees("Hello")
    await until(partial(_has_more, anna, before))


async def test_what_nobody_waits_for_stops_nobody(stage: Stage, anna: Person, john: Person) -> None:
    for update in others(anna.id).values():
        await stage.sandbox.update(update)
    await john.says("/start")
    await john.sees("Hello")
    await anna.says("/start")
    await anna.sees("Здравствуйте, Анна!")
    async with aiohttp.ClientSession() as http:
        metrics = await (await http.get(f"http://127.0.0.1:{stage.app.web_port}/metrics")).text()
    assert 'kassandra_updates_refused_total{kind="dream",read="no"}' in metrics
    assert 'kassandra_updates_refused_total{kind="message.successful_payment",read="no"}' in metrics


async def test_news_of_money_that_nobody_handles_are_seen(stage: Stage, anna: Person, john: Person) -> None:
    """Neither lost in silence nor held for ever, also of somebody to whom the shop is closed, and from a group. What an
    old link brings to a shop that takes no money is kept until it went back."""
    sender = {"id": anna.id, "is_bot": False, "first_name": "Анна"}
    chat = {"id": anna.id, "type": "private"}
    charge = {"currency": "XTR", "total_amount": 100, "invoice_payload": "p", "telegram_payment_charge_id": "t"}
    note: dict[str, Any] = {"message_id": 5, "date": 1, "chat": chat, "from": sender}
    paid = note | {"successful_payment": charge | {"provider_payment_charge_id": "q"}}
    query = {"id": "7", "from": sender, "currency": "XTR", "total_amount": 100, "invoice_payload": "p"}
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await stage.disable(anna, at=stage.app.clock())
    with capture_logs() as logs:
        for update in (
            {"pre_checkout_query": query},
            {"message": paid},
            {"message": paid | {"chat": {"id": -5, "type": "group", "title": "?"}}},
            {"message": note | {"refunded_payment": charge}},
            {"subscription": {"user": sender, "invoice_payload": "p", "state": "active"}},
        ):
            await stage.sandbox.update(update)
        await john.says("/start")
        await john.sees("Hello")
    found = [line for line in logs if line["event"] == "update_not_handled"]
    assert {line["log_level"] for line in found} == {"warning"}
    assert [line["kind"] for line in found] == ["message.successful_payment"], "that of the group; others are answered"

    async def went_back() -> bool:
        strays = (await stage.app.services.strays.page()).items
        found = [(each.charge_id, each.payer_id, each.status) for each in strays]
        return found == [("t", anna.id, StrayStatus.REFUNDED)]

    await until(went_back)


@pytest.mark.parametrize("kind", ["successful_payment", "refunded_payment"])
@pytest.mark.parametrize("total", ["many", {"value": 1}])
async def test_a_payment_that_cannot_be_read_can_be_found(
    stage: Stage, anna: Person, john: Person, kind: str, total: object
) -> None:
    """It does not come again; with what the log says it can be looked up and given back by hand."""
    sender = {"id": anna.id, "is_bot": False, "first_name": "Анна"}
    charge = {
        "telegram_payment_charge_id": "stx-" + "7" * 40,
        "provider_payment_charge_id": "px\x001",
        "invoice_payload": "pack-3",
        "currency": "XTR",
        "total_amount": total,
    }
    with capture_logs() as logs:
        message = {"message_id": 5, "date": 1, "chat": {"id": anna.id, "type": "private"}, "from": sender}
        await stage.sandbox.update({"message": message | {kind: charge}})
        await john.says("/start")
        await john.sees("Hello")
    (line,) = [line for line in logs if line["event"] == "update_not_understood"]
    assert line["log_level"] == "error"
    assert line["telegram_id"] == anna.id
    assert line["telegram_payment_charge_id"] == charge["telegram_payment_charge_id"]
    assert line["provider_payment_charge_id"] == "px\ufffd1"
    assert (line["invoice_payload"], line["currency"]) == ("pack-3", "XTR")
    assert line.get("total_amount") == (total if isinstance(total, str) else None)


async def test_the_same_over_the_webhook(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    async with (
        new_world(sandbox_url) as sandbox,
        App(shop_settings(sandbox, sqlite_server.create(), **webhook_settings())).running(),
    ):
        await _everything_odd(sandbox)


async def _everything_odd(sandbox: Sandbox) -> None:
    anna, john = await sandbox.person("Анна"), await sandbox.person("John", language_code="en")
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    for update in others(anna.id).values():
        await sandbox.update(update)
    for name in NAMES:
        before = await _answers(anna)
        await sandbox.update(messages(anna.id)[name])
        await until(partial(_has_more, anna, before))
    await john.says("/start")
    await john.sees("Hello")
