"""A sandbox in the test's event loop, a world with its site, a raw client of the API, a shop that is notified."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
import pytest
from aiohttp import web

from sandbox.client.cloudpayments import CloudPaymentsSite
from sandbox.client.sandbox import Sandbox
from tests.integration.servers import standing_clock

Json = dict[str, Any]  # Any: JSON
Api = Callable[..., Awaitable[Json]]
PASSES, ASKS_CODE, PAYS_ONCE, NO_MONEY = "4000000000003055", "4242424242424242", "4111111111111111", "4000056655665556"
MINUTE, DAY = 60.0, 24 * 3600.0

sandbox_clock = pytest.fixture(standing_clock)


@pytest.fixture
async def site(sandbox: Sandbox) -> CloudPaymentsSite:
    return await sandbox.cloudpayments()


@pytest.fixture
async def api(sandbox: Sandbox, site: CloudPaymentsSite) -> Api:
    """Call the API with plain HTTP; answers the envelope, or the status where there is none."""

    async def call(path: str, key: str | None = None, *, secret: str | None = None, **body: Any) -> Json:
        request = sandbox.http.post(
            f"{site.api_url}/{path}",
            json=body,
            headers={
                "Authorization": aiohttp.encode_basic_auth(site.public_id, secret or site.api_secret),
                **({"X-Request-ID": key} if key else {}),
            },
        )
        async with request as response:
            if response.status != 200:
                return {"status": response.status}
            told: Json = json.loads(await response.text(), parse_float=Decimal)
            return told

    return call


def order(**more: Any) -> Json:
    """The body of a usual one."""
    return {
        "Amount": 299.1,
        "Currency": "RUB",
        "Description": "Кредиты + подарок",
        "Email": "anna@example.com",
        "InvoiceId": "top-7",
        "AccountId": "17",
        "SuccessRedirectUrl": "https://t.me/a_shop_elsewhere_bot",
        "JsonData": {"purpose": "a+b&c=d"},
        **more,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    kind: str
    fields: Json
    raw: bytes
    headers: dict[str, str]


class Receiver:
    """The shop under test: answers notifications with what it is given, then with code 0."""

    def __init__(self) -> None:
        self.url = ""
        self.got: asyncio.Queue[Notification] = asyncio.Queue()
        self.answers: deque[int | str] = deque()
        """A code, or a text that is none."""
        self.checks: deque[int] = deque()

    async def handle(self, request: web.Request) -> web.Response:
        raw, kind = await request.read(), request.match_info["kind"]
        is_json = "json" in request.headers["Content-Type"]
        fields = json.loads(raw, parse_float=Decimal) if is_json else dict(parse_qsl(raw.decode(), True))
        self.got.put_nowait(Notification(kind=kind, fields=fields, raw=raw, headers=dict(request.headers)))
        answers: deque[Any] = self.checks if kind == "check" else self.answers
        told = answers.popleft() if answers else 0
        return web.Response(text=told) if isinstance(told, str) else web.json_response({"code": told})

    async def next(self) -> Notification:
        async with asyncio.timeout(20):
            return await self.got.get()

    async def kinds(self, count: int) -> list[str]:
        return [(await self.next()).kind for _ in range(count)]


@pytest.fixture
async def receiver(site: CloudPaymentsSite) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hooks/{kind}", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    await site.change(webhook_url=receiver.url)
    yield receiver
    await runner.cleanup()
