"""The HTTP edge of a running shop: health, readiness, metrics, and Telegram's webhook against strangers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.app import App
from sandbox.client import Sandbox
from sandbox.testing import new_world, running_sandbox
from tests.conversations.stage import shop_settings

SECRET = "a-secret-of-the-test"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as url, new_world(url) as world:
        yield world


@asynccontextmanager
async def shop(sandbox: Sandbox, url: str, **more: Any) -> AsyncIterator[tuple[App, aiohttp.ClientSession]]:
    async with (
        App(shop_settings(sandbox, url, **more)).running() as app,
        aiohttp.ClientSession(base_url=f"http://127.0.0.1:{app.web_port}") as http,
    ):
        await app.connection.made.wait()
        yield app, http


def webhook_settings() -> dict[str, object]:
    return {"telegram_mode": "webhook", "telegram_webhook_secret": SECRET, "public_url": "https://bot.example.com"}


async def test_health_readiness_and_metrics(sandbox: Sandbox, sqlite_url: str) -> None:
    async with shop(sandbox, sqlite_url) as (_, http):
        assert (await http.get("/healthz")).status == 200
        assert await (await http.get("/readyz")).json() == {
            "telegram": "ok",
            "clock": "ok",
            "database": "ok",
            "models": "ok",
            "queue": "ok",
        }
        metrics = await (await http.get("/metrics")).text()
        assert "kassandra_queue_length 0.0" in metrics
        assert "kassandra_models_on_sale 3.0" in metrics
        assert (await http.get("/docs")).status == 404


async def test_a_shop_without_models_is_not_ready(sandbox: Sandbox, sqlite_url: str, tmp_path: Any) -> None:
    async with shop(sandbox, sqlite_url, models_dir=tmp_path) as (_, http):
        ready = await http.get("/readyz")
        assert ready.status == 503
        assert (await ready.json())["models"] == "nothing is on sale"


async def test_the_webhook_trusts_only_the_secret(sandbox: Sandbox, sqlite_url: str) -> None:
    anna = await sandbox.person("Анна")
    sender = {"id": anna.id, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
    update = {
        "update_id": 5,
        "message": {
            "message_id": 1,
            "date": 1,
            "chat": {"id": anna.id, "type": "private"},
            "from": sender,
            "text": "/start",
        },
    }
    async with shop(sandbox, sqlite_url, **webhook_settings()) as (app, http):
        assert (await http.post("/telegram/webhook", json=update)).status == 403
        assert (await http.post("/telegram/webhook", json=update, headers={HEADER: "guess"})).status == 403
        assert (
            await http.post("/telegram/webhook", json=update, headers={HEADER: "секрет".encode().decode("latin-1")})
        ).status == 403
        assert await app.shop.users.find(anna.id) is None
        assert (await http.post("/telegram/webhook", json=update, headers={HEADER: SECRET})).status == 200
        assert await app.shop.users.find(anna.id) is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 200), (b'{"update_id": "x"}', 200), (b'{"update_id": 1}', 200), (b" " * 1_040_000, 413)],
)
async def test_the_webhook_survives_rubbish(sandbox: Sandbox, sqlite_url: str, body: bytes, status: int) -> None:
    async with shop(sandbox, sqlite_url, **webhook_settings()) as (_, http):
        answer = await http.post("/telegram/webhook", data=body, headers={HEADER: SECRET})
        assert answer.status == status
        assert (await http.get("/healthz")).status == 200


async def test_polling_has_no_webhook(sandbox: Sandbox, sqlite_url: str) -> None:
    async with shop(sandbox, sqlite_url) as (_, http):
        assert (await http.post("/telegram/webhook", json={}, headers={HEADER: ""})).status == 404
