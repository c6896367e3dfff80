"""The connection to Telegram: how requests are repeated, and what its refusals mean."""

import asyncio
import json
from typing import Any

import structlog
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.methods.base import TelegramType

log = structlog.get_logger()

ATTEMPTS = 4
PAUSE = 0.3  # seconds; doubles
PATIENCE = 30  # seconds of `retry_after` that a person's own request waits for
PASSING = (TelegramServerError, TelegramNetworkError, ClientDecodeError)  # ClientDecodeError: a proxy's HTML page


class Repeat(BaseRequestMiddleware):
    """Repeats what may pass: as told after a 429, with growing pauses after a 5xx, an HTML page or a cut connection.
    A repeated send may arrive twice; silence would be worse."""

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        if method.__api_method__ == GetUpdates.__api_method__:  # polling has its own pauses
            return await make_request(bot, method)
        for attempt in range(1, ATTEMPTS):
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                if error.retry_after > PATIENCE:
                    raise
                pause: float = error.retry_after
            except TelegramEntityTooLarge:
                raise
            except PASSING as error:
                pause = PAUSE * 2 ** (attempt - 1)
                log.warning(
                    "telegram_repeat", method=method.__api_method__, attempt=attempt, error=type(error).__name__
                )
            await asyncio.sleep(pause)
        return await make_request(bot, method)


def make_bot(token: str, api_url: str, timeout: float = 30.0) -> Bot:
    """A bot whose API lives at `api_url`; messages are HTML without link previews."""
    session = AiohttpSession(
        api=TelegramAPIServer.from_base(api_url), timeout=timeout, json_dumps=_dumps, json_loads=json.loads
    )
    session.middleware(Repeat())
    return Bot(
        token, session=session, default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True)
    )


def is_unchanged(error: TelegramBadRequest) -> bool:
    """The message already shows this: as good as done."""
    return "message is not modified" in error.message.lower()


def is_uneditable(error: TelegramBadRequest) -> bool:
    """The message cannot become what was asked: it is gone, too old, or of another kind."""
    text = error.message.lower()
    return any(
        part in text
        for part in (
            "message to edit not found",
            "message can't be edited",
            "no text in the message",
            "no caption in the message",
            "message_id_invalid",
            "message identifier",
        )
    )


def is_gone(error: TelegramBadRequest) -> bool:
    """There is nobody to write to."""
    text = error.message.lower()
    return "chat not found" in text or "user is deactivated" in text or "peer_id_invalid" in text


def _dumps(value: Any) -> str:  # Any: aiogram gives it what it has prepared
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
