"""The same conversation where Telegram calls the shop instead of being asked."""

import secrets

import aiohttp

from bot.app import App
from sandbox.testing import new_world
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.support.ports import free_port


async def test_a_conversation_over_the_webhook(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    port, secret = free_port(), secrets.token_urlsafe(16)
    url = f"http://127.0.0.1:{port}"
    async with new_world(sandbox_url) as sandbox:
        settings = shop_settings(
            sandbox,
            sqlite_server.create(),
            telegram_mode="webhook",
            telegram_webhook_secret=secret,
            public_url=url,
            web_port=port,
        )
        async with App(settings).running():
            anna = await sandbox.person("Анна", language_code="ru")
            await anna.says("/start")
            await anna.sees("Здравствуйте, Анна!")
            await sandbox.repeat()
            await anna.presses("💰 Баланс")
            await anna.sees("Баланс: 10,00 кредитов")
            assert len([message for message in await anna.looks() if message.from_bot]) == 1
            assert await _forged(f"{url}/telegram/webhook", "wrong") in {401, 403}
            assert not await sandbox.log("getUpdates")


async def _forged(url: str, secret: str) -> int:
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json={"update_id": 1}, headers={"X-Telegram-Bot-Api-Secret-Token": secret}) as response,
    ):
        return response.status
