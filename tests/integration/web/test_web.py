"""The HTTP edge of a running shop: health, readiness, metrics, and Telegram's webhook against strangers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.app import App
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings
from tests.support.stores import STORE

SECRET = "a-secret-of-the-test"
TOKEN = "a-token-of-the-test"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@asynccontextmanager
async def shop(sandbox: Sandbox, url: str, **more: Any) -> AsyncIterator[tuple[App, aiohttp.ClientSession]]:
    async with (
        App(shop_settings(sandbox, url, **more)).running() as app,
        aiohttp.ClientSession(base_url=f"http://127.0.0.1:{app.web_port}") as http,
    ):
        await app.chat.connection.made.wait()
        yield app, http


def webhook_settings() -> dict[str, object]:
    return {"telegram_mode": "webhook", "telegram_webhook_secret": SECRET, "public_url": "https://bot.example.com"}


async def test_health_readiness_and_metrics(sandbox: Sandbox, sqlite_url: str) -> None:
    async with shop(sandbox, sqlite_url, models_dir=STORE) as (_, http):
        assert (await http.get("/healthz")).status == 200
        assert await (await http.get("/readyz")).json() == {
            "telegram": "ok",
            "clock": "ok",
            "database": "ok",
            "jobs": "ok",
            "tasks": "ok",
            "models": "ok",
            "queue": "ok",
            "tables": "ok",
            "uploads": "ok",
            "messages": "ok",
        }
        metrics = await (await http.get("/metrics")).text()
        assert "kassandra_queue_length 0.0" in metrics
        assert "kassandra_models_on_sale 31.0" in metrics  # five models and 26 styles
        assert (await http.get("/docs")).status == 404


STRANGERS: dict[str, dict[str, str]] = {
    "through a proxy of ours": {"X-Forwarded-For": "203.0.113.7"},
    "who says that it is this machine": {"X-Forwarded-For": "127.0.0.1"},
    "through another kind of proxy": {"Via": "1.1 proxy"},
    "with another token": {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {TOKEN}x"},
    "with the token in another scheme": {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Basic {TOKEN}"},
    "with no token": {"X-Forwarded-For": "203.0.113.7", "Authorization": "Bearer "},
}
INSIDERS: dict[str, dict[str, str]] = {
    "from this machine": {},
    "with the token": {"X-Forwarded-For": "203.0.113.7", "Authorization": f"Bearer {TOKEN}"},
    "with the token, written otherwise": {"X-Forwarded-For": "203.0.113.7", "Authorization": f"bearer  {TOKEN}"},
}


async def test_numbers_and_reasons_are_for_insiders(sandbox: Sandbox, sqlite_url: str) -> None:
    async with shop(sandbox, sqlite_url, metrics_token=TOKEN) as (_, http):
        for who, headers in STRANGERS.items():
            assert (who, (await http.get("/metrics", headers=headers)).status) == (who, 403)
            ready = await http.get("/readyz", headers=headers)
            assert (who, ready.status, await ready.json()) == (who, 200, {"status": "ready"})
            assert (await http.get("/healthz", headers=headers)).status == 200
        for who, headers in INSIDERS.items():
            assert (who, (await http.get("/metrics", headers=headers)).status) == (who, 200)
            assert "database" in await (await http.get("/readyz", headers=headers)).json()


async def test_without_a_token_nobody_has_it(sandbox: Sandbox, sqlite_url: str) -> None:
    async with shop(sandbox, sqlite_url) as (_, http):
        for shown in ("Bearer", "Bearer ", "Bearer None"):
            headers = {"X-Forwarded-For": "203.0.113.7", "Authorization": shown}
            assert (shown, (await http.get("/metrics", headers=headers)).status) == (shown, 403)


async def test_this_machine_need_not_be_a_proxy(sandbox: Sandbox, sqlite_url: str) -> None:
    async with shop(sandbox, sqlite_url, trusted_proxies="") as (_, http):
        assert (await http.get("/metrics")).status == 200
        assert (await http.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"})).status == 403


async def test_both_spellings_and_no_redirect(sandbox: Sandbox, sqlite_url: str) -> None:
    async with shop(sandbox, sqlite_url, **webhook_settings()) as (_, http):
        for path in ("/healthz/", "/readyz/", "/metrics/"):
            assert (await http.get(path, allow_redirects=False)).status == 200
        assert (await http.head("/healthz")).status == 200
        assert (await http.head("/readyz")).status == 200
        hook = "/telegram/webhook/"
        for method in ("GET", "HEAD"):
            assert (await http.request(method, hook, allow_redirects=False)).status == 405
        told = await http.post(hook, json={"update_id": 1}, headers={HEADER: SECRET}, allow_redirects=False)
        assert told.status == 200
        assert (await http.post(hook, json={"update_id": 1}, allow_redirects=False)).status == 403


async def test_a_shop_without_models_is_not_ready(sandbox: Sandbox, sqlite_url: str, tmp_path: Any) -> None:
    async with shop(sandbox, sqlite_url, models_dir=tmp_path) as (_, http):
        ready = await http.get("/readyz")
        assert ready.status == 503
        assert (await ready.json())["models"] == "nothing is on sale"
        stranger = await http.get("/readyz", headers={"X-Forwarded-For": "203.0.113.7"})
        assert (stranger.status, await stranger.json()) == (503, {"status": "not ready"})


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
        assert await app.services.users.find(anna.id) is None
        assert (await http.post("/telegram/webhook", json=update, headers={HEADER: SECRET})).status == 200
        assert await app.services.users.find(anna.id) is not None


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 200), (b'{"update_id": "x"}', 200), (b'{"update_id": 1}', 200), (b" " * 1_040_000, 413)],
)
async def test_the_webhook_survives_rubbish(sandbox: Sandbox, sqlite_url: str, body: bytes, status: int) -> None:
    async with shop(sandbox, sqlite_url, **webhook_settings()) as (_, http):
        answer = await http.post("/telegram/webhook", data=body, headers={HEADER: SECRET})
        assert answer.status == status
        assert (await http.get("/healthz")).status == 200


async def test_half_characters_and_nuls(sandbox: Sandbox, database_url: str) -> None:
    """A name and texts with what neither a database nor Telegram takes (the sandbox cannot write them either)."""
    anna = await sandbox.person("Анна")
    await anna.says("/start")  # opens the chat
    sender = {
        "id": anna.id,
        "is_bot": False,
        "first_name": "Ан\ud800на\x00",
        "username": "a\udfff",
        "language_code": "ru",
    }
    async with shop(sandbox, database_url, **webhook_settings()) as (app, http):
        for number, text in enumerate(("/start", "при\ud83dвет\x00", "/user \ud800", "/чт\x00о")):
            message = {
                "message_id": 5,
                "date": 1,
                "chat": {"id": anna.id, "type": "private"},
                "from": sender,
                "text": text,
            }
            update = {"update_id": number, "message": message}
            assert (await http.post("/telegram/webhook", json=update, headers={HEADER: SECRET})).status == 200
        user = await app.services.users.find(anna.id)
    assert user is not None
    assert (user.first_name, user.username) == ("Ан\ufffdна\ufffd", "a\ufffd")
    answers = [message.text for message in await anna.looks() if message.from_bot]
    assert len(answers) == 4
    assert not any("сломалось" in answer for answer in answers)


async def test_polling_has_no_webhook(sandbox: Sandbox, sqlite_url: str) -> None:
    async with shop(sandbox, sqlite_url) as (_, http):
        assert (await http.post("/telegram/webhook", json={}, headers={HEADER: ""})).status == 404
