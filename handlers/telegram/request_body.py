"""How a call is written down for Telegram: as JSON, or as a form where it carries files."""

from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod
from aiohttp import BytesPayload, FormData
from pydantic_core import to_json

JSON = "application/json"


def request_body(session: AiohttpSession, bot: Bot, method: TelegramMethod[Any]) -> BytesPayload | FormData:
    """The same values either way, the bot's defaults filled in. What is None is left out: Telegram would read it as the
    text "null". So is an empty text, which means the same to Telegram; 0, False and [] are said."""
    files: dict[str, Any] = {}
    values = {
        name: prepared
        for name, value in method.model_dump(warnings=False, exclude_none=True).items()
        if (prepared := session.prepare_value(value, bot, files, _dumps_json=False)) not in (None, "")
    }
    return session.build_form_data(bot, method) if files else BytesPayload(to_json(values), content_type=JSON)
