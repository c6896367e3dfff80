"""A sandbox in the test's event loop, a world with its shop, a raw client of the API, a shop that is notified."""

import asyncio
import base64
import itertools
import re
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from sandbox.client.sandbox import Sandbox, Shop
from tests.integration.servers import standing_clock
from tests.unit.sandbox.yookassa_spec import SPEC, validate

HOUR = 3600.0
DAY = 24 * HOUR
RETURN_URL = "https://t.me/a_shop_elsewhere_bot"
Json = dict[str, Any]
Api = Callable[..., Awaitable[tuple[int, Json]]]

SCHEMAS = {"payments": "Payment", "refunds": "Refund", "me": "Me"}
_keys = itertools.count(1)


sandbox_clock = pytest.fixture(standing_clock)


@pytest.fixture
async def shop(sandbox: Sandbox) -> Shop:
    return await sandbox.shop()


def authorization(shop_id: str, secret_key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{shop_id}:{secret_key}'.encode()).decode()}"}


def schema_for(path: str, answer: Json) -> str:
    schema = SCHEMAS[re.split(r"[/?]", path)[0]]
    return f"{schema}List" if answer.get("type") == "list" else schema


@pytest.fixture
async def api(sandbox: Sandbox, shop: Shop) -> Api:
    """Call the API with plain HTTP: (status, body). Every answer is held against the documentation, where it is."""

    async def call(
        method: str, path: str, body: Any = None, *, key: str | None = "", auth: tuple[str, str] | None = None
    ) -> tuple[int, Json]:
        headers = authorization(*(auth or (shop.shop_id, shop.secret_key)))
        if method == "POST" and key is not None:
            headers["Idempotence-Key"] = key or f"key-{next(_keys)}"
        request = sandbox.http.request(
            method,
            f"{shop.api_url}/{path}",
            json=body if body is not None or method == "GET" else {},
            headers=headers,
        )
        async with request as response:
            answer: Json = await response.json()
            if SPEC.exists():
                validate(schema_for(path, answer) if response.status == 200 else "Error", without_code(answer))
            return response.status, answer

    return call


def without_code(answer: Json) -> Json:
    """The documentation's Error has no field for the code; its kinds have."""
    return (
        {name: value for name, value in answer.items() if name != "code"} if answer.get("type") == "error" else answer
    )


def order(value: str = "100.00", **more: Any) -> Json:
    """The body of a usual payment."""
    return {
        "amount": {"value": value, "currency": "RUB"},
        "capture": True,
        "confirmation": {"type": "redirect", "return_url": RETURN_URL},
        "description": "Кредиты",
        "metadata": {"payment_id": "7"},
        **more,
    }


def receipt(*prices: str, **more: Any) -> Json:
    """A receipt with an item of each price."""
    items = [
        {
            "description": "Кредиты",
            "quantity": "1.00",
            "amount": {"value": price, "currency": "RUB"},
            "vat_code": 1,
            "payment_subject": "service",
            "payment_mode": "full_payment",
            **more,
        }
        for price in prices
    ]
    return {"customer": {"email": "anna@example.org"}, "items": items}


async def created(api: Api, value: str = "100.00", **more: Any) -> Json:
    status, payment = await api("POST", "payments", order(value, **more))
    assert status == 200, payment
    return payment


class Receiver:
    """The shop under test: answers notifications with the statuses it is given, then with 200."""

    def __init__(self) -> None:
        self.url = ""
        self.got: asyncio.Queue[Json] = asyncio.Queue()
        self.headers: list[dict[str, str]] = []
        self.raw: list[bytes] = []
        self.statuses: deque[int] = deque()

    async def handle(self, request: web.Request) -> web.Response:
        self.headers.append(dict(request.headers))
        self.raw.append(await request.read())
        if self.raw[-1].startswith(b"{"):
            self.got.put_nowait(await request.json())
        return web.Response(status=self.statuses.popleft() if self.statuses else 200)

    async def next(self) -> Json:
        async with asyncio.timeout(20):
            return await self.got.get()

    async def events(self, count: int) -> list[str]:
        return [(await self.next())["event"] for _ in range(count)]


@pytest.fixture
async def receiver(shop: Shop) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/webhooks/yookassa", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/yookassa"
    await shop.change(webhook_url=receiver.url)
    yield receiver
    await runner.cleanup()
