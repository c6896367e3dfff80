"""Telegram is unkind while the bot introduces itself: what may pass is waited for, what cannot is one line."""

from collections.abc import Callable, Collection, Coroutine
from typing import Any

import pytest
from aiogram import Bot

from bot.connection import Connection
from bot.errors import StartError
from bot.settings import Settings
from handlers.dispatcher import ALLOWED_UPDATES
from handlers.telegram import client as telegram
from handlers.telegram.client import make_bot
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings

HOOKED = {
    "telegram_mode": "webhook",
    "telegram_webhook_secret": "a-secret-of-the-test",
    "public_url": "https://bot.example.com",
}
Refuse = Callable[..., Coroutine[Any, Any, None]]


class Newcomer:
    """A bot that introduces itself; `waits` are its pauses, in seconds."""

    def __init__(self, sandbox: Sandbox, **settings: object) -> None:
        self.settings: Settings = shop_settings(sandbox, "sqlite:///nothing.db", **settings)
        self.bot: Bot = make_bot(self.settings.bot_token.get_secret_value(), self.settings.telegram_api_url)
        self.waits: list[float] = []
        self.connection = Connection(self.bot, self.settings, ALLOWED_UPDATES, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def comes(self, parts: Collection[str] = ("bot", "web")) -> "Newcomer":
        try:
            await self.connection.make(parts)
        finally:
            await self.bot.session.close()
        return self

    async def is_sent_away(self) -> str:
        with pytest.raises(StartError) as sent:
            await self.comes()
        assert self.waits == []
        assert "\n" not in str(sent.value)
        return str(sent.value)


@pytest.fixture
def sandbox(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(telegram, "PAUSE", 0.001)
    return sandbox


@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo", "setWebhook"])
@pytest.mark.parametrize("kind", ["409", "500", "502", "cut", "html"])
async def test_what_passes_is_waited_for(sandbox: Sandbox, method: str, kind: str) -> None:
    """More often than one call repeats by itself."""
    await sandbox.fault(method, kind, times=9)
    bot = await Newcomer(sandbox, **HOOKED).comes()
    assert bot.waits[:2] == [1.0, 2.0]
    assert bot.connection.state == "ok"
    assert len(await sandbox.log("setWebhook")) == (10 if method == "setWebhook" else 1)


async def test_a_429_of_any_length_is_waited_for_as_told(sandbox: Sandbox) -> None:
    await sandbox.call("POST", "/faults", body={"method": "getMe", "kind": "429", "retry_after": 45})
    await sandbox.fault("setWebhook", "429", retry_after=3600)
    bot = await Newcomer(sandbox, **HOOKED).comes()
    assert bot.waits == [45.0, 3600.0]


async def test_a_name_that_is_not_known_yet(sandbox: Sandbox) -> None:
    text = "Bad Request: bad webhook: Failed to resolve host: Name or service not known"
    await sandbox.fault("setWebhook", "400", times=3, description=text)
    bot = await Newcomer(sandbox, **HOOKED).comes()
    assert bot.waits == [1.0, 2.0, 4.0]


async def test_polling_takes_an_old_webhook_away(sandbox: Sandbox) -> None:
    await Newcomer(sandbox, **HOOKED).comes()
    await sandbox.fault("deleteWebhook", "429", retry_after=90)
    await sandbox.fault("deleteWebhook", "409")
    bot = await Newcomer(sandbox).comes()
    assert bot.waits == [90.0, 2.0]
    await Newcomer(sandbox).comes()
    assert len(await sandbox.log("deleteWebhook")) == 3


@pytest.mark.parametrize(
    ("method", "kind", "description", "named"),
    [
        ("getMe", "401", "Unauthorized", "BOT_TOKEN: Telegram does not know this token; copy it anew from @BotFather"),
        ("getMe", "404", "Not Found", "BOT_TOKEN: Telegram finds no bot by this token"),
        ("getMe", "403", "Forbidden: bot is frozen", "BOT_TOKEN: Telegram refuses this bot (Forbidden: bot is frozen)"),
        ("getMe", "400", "Logged out", "TELEGRAM_API_URL: the bot was logged out"),
        ("getWebhookInfo", "401", "Unauthorized", "BOT_TOKEN"),
        ("getMe", "401", "Unauthorized: invalid api-id/api-hash", "TELEGRAM_API_URL"),
        ("setWebhook", "400", "Bad Request: bad webhook: An HTTPS URL must be provided for webhook", "PUBLIC_URL"),
        ("setWebhook", "400", "Bad Request: bad webhook: Webhook can be set up only on ports 80, 443", "PUBLIC_URL"),
        ("setWebhook", "400", "Bad Request: bad webhook: IP address 127.0.0.1 is reserved", "PUBLIC_URL"),
        ("setWebhook", "400", "Bad Request: invalid webhook URL specified", "PUBLIC_URL"),
        ("setWebhook", "400", "Bad Request: secret token contains unallowed characters", "TELEGRAM_WEBHOOK_SECRET"),
    ],
)
async def test_what_does_not_pass_is_one_line(
    sandbox: Sandbox, method: str, kind: str, description: str, named: str
) -> None:
    await sandbox.fault(method, kind, times=0, description=description)
    assert (await Newcomer(sandbox, **HOOKED).is_sent_away()).startswith(named)


async def test_a_webhook_is_set_where_it_differs(sandbox: Sandbox) -> None:
    async def set_so_far() -> int:
        return len(await sandbox.log("setWebhook"))

    await Newcomer(sandbox, **HOOKED).comes()
    await Newcomer(sandbox, **HOOKED).comes()
    assert await set_so_far() == 1
    await Newcomer(sandbox, **HOOKED | {"public_url": "https://moved.example.com"}).comes()
    assert await set_so_far() == 2
    await Newcomer(sandbox, **HOOKED).comes({"bot"})
    assert await set_so_far() == 2
