"""Introduces the bot to Telegram: who it is, and how its updates come. What may pass is waited for; what cannot is one
line that names the setting."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final, TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import SetWebhook

from bot.errors import StartError
from bot.settings import Settings

log = structlog.get_logger()

T = TypeVar("T")
FIRST_PAUSE = 1.0
MAX_PAUSE = 30.0
COPY: Final = "copy it anew from @BotFather (/mybots, API Token)"
OF_THE_MOMENT: Final = (
    "resolve host",
    "name resolution",
    "timed out",
    "timeout",
    "connection",
    "try again",
    "getaddrinfo",
)
"""What setWebhook says of an address that may be good a minute later."""

Sleep = Callable[[float], Awaitable[None]]


class Connection:
    """`state` is `ok` once Telegram knows of us, until then what we wait for; `made` says when. `username`: the bot's,
    once Telegram has told it."""

    def __init__(
        self, bot: Bot, settings: Settings, allowed_updates: list[str], *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.state = "not connected to Telegram yet"
        self.made = asyncio.Event()
        self.username: str | None = None
        self._bot = bot
        self._settings = settings
        self._allowed = allowed_updates
        self._sleep = sleep

    async def make(self, parts: Collection[str]) -> None:
        """Returns when Telegram has said yes to everything. Raises `StartError` for what no waiting mends."""
        me = await self._patiently(self._bot.me)
        self.username = me.username
        if self._settings.telegram_mode == "webhook":
            if "web" in parts:
                await self._patiently(self.hook)
        elif "bot" in parts:
            await self._patiently(self._unhook)
        self.state = "ok"
        self.made.set()
        log.info("telegram_connected", username=me.username, mode=self._settings.telegram_mode)

    async def hook(self) -> None:
        """Set the webhook where Telegram has another one. It does not tell which secret it has: with a wrong one it has
        been turned away with 403. Raises AiogramError."""
        info = await self._bot.get_webhook_info()
        wanted, turned_away = self._settings.webhook_url, "403" in (info.last_error_message or "")
        if info.url == wanted and sorted(info.allowed_updates or ()) == sorted(self._allowed) and not turned_away:
            return
        secret = self._settings.telegram_webhook_secret
        await self._bot.set_webhook(
            wanted,
            secret_token=secret.get_secret_value() if secret else None,
            allowed_updates=self._allowed,
            drop_pending_updates=False,
        )
        log.info("webhook_set", url=wanted)

    async def _unhook(self) -> None:
        if (await self._bot.get_webhook_info()).url:
            await self._bot.delete_webhook(drop_pending_updates=False)
            log.info("webhook_deleted")

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        pause = FIRST_PAUSE
        while True:
            try:
                return await ask()
            except AiogramError as error:
                if (line := lasting(error, self._settings)) is not None:
                    raise StartError(line) from error
                wait = float(error.retry_after) if isinstance(error, TelegramRetryAfter) else pause
                why = _words(error).replace(self._bot.token, "***")
                self.state = f"not connected to Telegram yet: {why}"
                log.warning("telegram_unreachable", error=why, url=self._settings.telegram_api_url, pause=wait)
            await self._sleep(wait)
            pause = min(pause * 2, MAX_PAUSE)


def lasting(error: AiogramError, settings: Settings) -> str | None:
    """The setting to change, and how, where Telegram will never say anything else; None for what may pass."""
    line: str | None = None
    match error:
        case TelegramUnauthorizedError() if "api-id" in error.message:
            line = f"TELEGRAM_API_URL: the server there has no valid api_id and api_hash ({error.message})"
        case TelegramUnauthorizedError():
            line = f"BOT_TOKEN: Telegram does not know this token; {COPY}"
        case TelegramNotFound():
            line = f"BOT_TOKEN: Telegram finds no bot by this token, a part of it may be missing; {COPY}"
            line += _elsewhere(settings)
        case TelegramForbiddenError():
            line = f"BOT_TOKEN: Telegram refuses this bot ({error.message}); see @BotFather, /mybots"
        case TelegramBadRequest() if "logged out" in error.message.lower():
            line = (
                f"TELEGRAM_API_URL: the bot was logged out of {settings.telegram_api_url}; name the Bot API server that"
                " it moved to, or come back ten minutes after it was logged out"
            )
        case TelegramBadRequest() if isinstance(error.method, SetWebhook):
            line = _bad_webhook(error, settings)
    return line


def _bad_webhook(error: TelegramBadRequest, settings: Settings) -> str | None:
    text = error.message.lower()
    if any(words in text for words in OF_THE_MOMENT):
        return None
    if "secret" in text:
        return f"TELEGRAM_WEBHOOK_SECRET: Telegram does not take it ({error.message})"
    return (
        f"PUBLIC_URL: Telegram does not take {settings.public_url} for a webhook ({error.message}); it wants https, a"
        " public address and port 443, 80, 88 or 8443"
    )


def _elsewhere(settings: Settings) -> str:
    own = settings.telegram_api_url != type(settings).model_fields["telegram_api_url"].default
    return f"; or TELEGRAM_API_URL ({settings.telegram_api_url}) is no Bot API server" if own else ""


def _words(error: AiogramError) -> str:
    """One line. What could not be decoded is not repeated: it may be a whole page."""
    message = getattr(error, "message", "") or str(error)
    return f"{type(error).__name__}: {message.splitlines()[0][:200]}" if message else type(error).__name__
