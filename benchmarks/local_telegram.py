"""Telegram without a network: calls are written down to the bytes of the request, and answered here."""

import json
import time
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType
from aiohttp import BytesPayload, FormData

from handlers.telegram.client import Session

TOKEN = "42:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


class BareTelegram(AiohttpSession):
    """As a bot without a session of its own has it."""

    def __init__(self) -> None:
        super().__init__()
        self.answered = 0

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own signature
    ) -> TelegramType:
        assert self.build_form_data(bot, method)().size
        self.answered += 1
        response = self.check_response(bot, method, 200, _sent(self.answered))
        result: TelegramType = response.result  # type: ignore[assignment]  # a good answer has one
        return result


class ShopTelegram(Session):
    """The shop's own."""

    def __init__(self, **options: Any) -> None:  # Any: as aiogram takes them
        super().__init__(**options)
        self.answered = 0
        self.last = ""

    async def exchange(
        self,
        url: str,
        body: BytesPayload | FormData,
        timeout: float | None,  # noqa: ASYNC109 - the session's own signature
    ) -> tuple[int, str]:
        assert isinstance(body, BytesPayload), "an answer without a file needs no form"
        self.answered += 1
        self.last = body.decode()
        return 200, _sent(self.answered)

    @property
    def last_text(self) -> str:
        text: str = json.loads(self.last)["text"]
        return text


def _sent(number: int) -> str:
    chat = {"id": 1, "type": "private", "first_name": "Anna"}
    message = {"message_id": number, "date": 1_780_000_000, "chat": chat, "text": "Balance"}
    return json.dumps({"ok": True, "result": message})


def message_update(number: int, user: int, text: str) -> dict[str, object]:
    """As Telegram sends it."""
    who = {"id": user, "is_bot": False, "first_name": "Anna", "username": f"anna{user}", "language_code": "ru"}
    chat = {"id": user, "first_name": "Anna", "username": f"anna{user}", "type": "private"}
    message: dict[str, object] = {
        "message_id": number,
        "from": who,
        "chat": chat,
        "date": int(time.time()),
        "text": text,
    }
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"update_id": number, "message": message}
