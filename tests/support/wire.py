"""Telegram at the end of the wire: answers aiogram's own method objects, remembers them, refuses when told to."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncGenerator
from itertools import count
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.base import BaseSession
from aiogram.enums import ParseMode
from aiogram.methods import TelegramMethod
from aiogram.methods.base import TelegramType

TOKEN = "42:TEST"


class Wire(BaseSession):
    """`calls` are what arrived, refused calls too. `refusals[chat]` are answered first: `(status, description)` or
    `(status, description, retry_after)`; an exception is raised as it is. `away`: everybody is refused so.
    `silent`: chats whose calls are never answered."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[TelegramMethod[Any]] = []
        self.refusals: dict[int, deque[Any]] = defaultdict(deque)
        self.away: tuple[int, str] | None = None  # what everybody is answered
        self.silent: set[int] = set()
        self.gate: asyncio.Event | None = None  # no answer before it is set
        self.called = asyncio.Event()
        self._ids = count(1000)

    @property
    def told(self) -> list[tuple[int, str]]:
        """Chat and text of everything that was asked for, in order."""
        return [(call.chat_id, getattr(call, "text", None) or call.caption) for call in self.calls]  # type: ignore[attr-defined]  # only messages are sent here

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own signature
    ) -> TelegramType:
        self.calls.append(method)
        self.called.set()
        if self.gate is not None:
            await self.gate.wait()
        chat_id: int = method.chat_id  # type: ignore[attr-defined]  # as above
        if chat_id in self.silent:
            await asyncio.Event().wait()
        status, answer = 200, self._answer(chat_id)
        if self.away is not None or self.refusals[chat_id]:
            refusal = self.away or self.refusals[chat_id].popleft()
            if isinstance(refusal, Exception):
                raise refusal
            status, description, *rest = refusal
            answer = {"ok": False, "error_code": status, "description": description}
            if rest:
                answer["parameters"] = {"retry_after": rest[0]}
        response = self.check_response(bot=bot, method=method, status_code=status, content=json.dumps(answer))
        result: TelegramType = response.result  # type: ignore[assignment]  # a good answer has one
        return result

    def _answer(self, chat_id: int) -> dict[str, Any]:
        message = {"message_id": next(self._ids), "date": 0, "chat": {"id": chat_id, "type": "private"}}
        return {"ok": True, "result": message}

    async def close(self) -> None:
        """Nothing is open."""

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 - aiogram's own signature
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        yield b""


def bot_on(wire: Wire) -> Bot:
    return Bot(TOKEN, session=wire, default=DefaultBotProperties(parse_mode=ParseMode.HTML))
