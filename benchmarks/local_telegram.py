"""Telegram without a network: requests are encoded down to the bytes of the form as aiogram does, and answered here."""

import json
import time

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType

TOKEN = "42:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


class LocalTelegram(AiohttpSession):
    def __init__(self) -> None:
        super().__init__()
        self.answered = 0
        self.last_text = ""

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own signature
    ) -> TelegramType:
        payload = self.build_form_data(bot, method)()
        assert payload.size
        self.answered += 1
        self.last_text = getattr(method, "text", "")
        chat = {"id": getattr(method, "chat_id", 1), "type": "private", "first_name": "Anna"}
        message = {"message_id": self.answered, "date": 1_780_000_000, "chat": chat, "text": self.last_text}
        content = json.dumps({"ok": True, "result": message})
        response = self.check_response(bot, method, 200, content)
        result: TelegramType = response.result  # type: ignore[assignment]  # a good answer has one
        return result


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
