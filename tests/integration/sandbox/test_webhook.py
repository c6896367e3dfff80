"""Delivery to a webhook: secret, order, repeats with back-off, what getWebhookInfo tells."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from sandbox.client.sandbox import Person, Sandbox
from tests.integration.sandbox.conftest import Api, until
from tests.integration.servers import START


class Receiver:
    """A bot's web server: answers with the statuses it is given, then with 200."""

    def __init__(self) -> None:
        self.url = ""
        self.got: asyncio.Queue[tuple[dict[str, Any], str | None]] = asyncio.Queue()
        self.statuses: deque[int] = deque()
        self.hold: asyncio.Event | None = None

    async def handle(self, request: web.Request) -> web.Response:
        update = await request.json()
        self.got.put_nowait((update, request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        if self.hold is not None and update.get("message", {}).get("text") == "wait":
            await self.hold.wait()
        return web.Response(status=self.statuses.popleft() if self.statuses else 200)

    async def text(self) -> str:
        async with asyncio.timeout(20):
            update, _ = await self.got.get()
        return str(update["message"]["text"])


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/telegram/webhook", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/telegram/webhook"
    yield receiver
    await runner.cleanup()


async def info(api: Api) -> dict[str, Any]:
    _, body = await api("getWebhookInfo")
    result: dict[str, Any] = body["result"]
    return result


async def until_delivered(api: Api) -> None:
    async def done() -> bool:
        return not (await info(api))["pending_update_count"]

    await until(done)


async def until_failed(api: Api) -> dict[str, Any]:
    async def failed() -> bool:
        return "last_error_message" in await info(api)

    await until(failed)
    return await info(api)


async def test_updates_come_with_the_secret_in_order(api: Api, anna: Person, receiver: Receiver) -> None:
    await anna.says("before")
    await api("setWebhook", url=receiver.url, secret_token="s-e_cret", allowed_updates=["message"], max_connections=7)
    for text in ("a", "b"):
        await anna.says(text)
    found = [await receiver.got.get() for _ in range(3)]
    assert [update["message"]["text"] for update, _ in found] == ["before", "a", "b"]
    assert {secret for _, secret in found} == {"s-e_cret"}
    await until_delivered(api)
    assert await info(api) == {
        "url": receiver.url,
        "has_custom_certificate": False,
        "pending_update_count": 0,
        "allowed_updates": ["message"],
        "max_connections": 7,
        "ip_address": "127.0.0.1",
    }


async def test_an_update_is_repeated_until_2xx(api: Api, sandbox: Sandbox, anna: Person, receiver: Receiver) -> None:
    receiver.statuses.extend([500, 404, 503])
    await api("setWebhook", url=receiver.url)
    await anna.says("a")
    await anna.says("b")
    assert await receiver.text() == "a"
    found = await until_failed(api)
    assert found["last_error_message"] == "Wrong response from the webhook: 500"
    assert found["last_error_date"] == int(START)
    assert found["pending_update_count"] == 2
    for pause in (1, 2, 4):
        await sandbox.advance(pause - 0.5)
        assert receiver.got.empty(), "the pause doubles"
        await sandbox.advance(0.5)
        assert await receiver.text() == "a"
    assert await receiver.text() == "b", "nothing of one person overtakes"
    await until_delivered(api)


async def test_people_do_not_wait_for_each_other(api: Api, sandbox: Sandbox, anna: Person, receiver: Receiver) -> None:
    john = await sandbox.person("John")
    receiver.hold = asyncio.Event()
    await api("setWebhook", url=receiver.url)
    await anna.says("wait")
    await anna.says("next")
    await john.says("hi")
    assert {await receiver.text(), await receiver.text()} == {"wait", "hi"}
    assert receiver.got.empty()
    receiver.hold.set()
    assert await receiver.text() == "next"
    await until_delivered(api)


async def test_a_server_that_is_not_there(api: Api, sandbox: Sandbox, anna: Person, receiver: Receiver) -> None:
    await api("setWebhook", url="http://127.0.0.1:9/nobody")
    await anna.says("a")
    assert (await until_failed(api))["pending_update_count"] == 1
    await api("setWebhook", url=receiver.url)
    assert await receiver.text() == "a"
    await until_delivered(api)
    assert "last_error_message" not in await info(api)


async def test_polling_and_webhook_exclude_each_other(
    api: Api, sandbox: Sandbox, anna: Person, receiver: Receiver
) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(api("getUpdates", timeout=50))
        await until(lambda: sandbox.log("getUpdates"))
        await api("setWebhook", url=receiver.url)
    status, body = poll.result()
    assert (status, body["description"]) == (409, "Conflict: terminated by setWebhook request")
    status, body = await api("getUpdates")
    assert (status, body["description"]) == (
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    )
    receiver.statuses.append(500)
    await anna.says("a")
    await until_failed(api)
    await api("deleteWebhook")
    assert (await info(api))["url"] == ""
    assert [each["message"]["text"] for each in (await api("getUpdates"))[1]["result"]] == ["a"]
    await api("deleteWebhook", drop_pending_updates=True)
    assert (await api("getUpdates"))[1]["result"] == []


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"url": "ftp://a.example"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "nonsense"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://a.example", "secret_token": "with space"}, "secret token contains unallowed characters"),
        ({"url": "https://a.example", "secret_token": "x" * 257}, "secret token contains unallowed characters"),
    ],
)
async def test_webhooks_that_telegram_refuses(api: Api, params: dict[str, str], description: str) -> None:
    status, body = await api("setWebhook", **params)
    assert (status, body["description"]) == (400, f"Bad Request: {description}")
    assert (await info(api))["url"] == ""
