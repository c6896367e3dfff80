"""A Telegram whose answers the types refuse, over HTTP: what it did is done, and is not asked for again."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramEntityTooLarge, TelegramRetryAfter
from aiogram.types import BufferedInputFile
from aiohttp import web

from handlers.telegram import client as module
from handlers.telegram.client import make_bot

CHAT = {"id": 7, "type": "private"}
SENT = {"message_id": 5, "date": 1, "chat": CHAT, "text": "hi"}


class Telegram:
    """Answers every call with `body`, and counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.types: list[str] = []
        self.status = 200
        self.body = b""

    async def handle(self, request: web.Request) -> web.Response:
        await request.read()
        self.types.append(request.content_type)
        self.calls.append(request.match_info["method"])
        return web.Response(status=self.status, body=self.body, content_type="application/json")

    def answers(self, result: Any) -> None:  # Any: JSON
        self.body = json.dumps({"ok": True, "result": result}).encode()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.001)


@pytest.fixture
def telegram() -> Telegram:
    return Telegram()


@pytest.fixture
async def bot(telegram: Telegram) -> AsyncIterator[Bot]:
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", telegram.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot = make_bot("42:" + "x" * 30, f"http://127.0.0.1:{runner.addresses[0][1]}")
    yield bot
    await bot.session.close()
    await runner.cleanup()


async def test_an_answer_goes_as_json_and_a_file_as_a_form(telegram: Telegram, bot: Bot) -> None:
    telegram.answers(SENT)
    await bot.send_message(7, "hi")
    await bot.send_document(7, BufferedInputFile(b"1;2", "a.csv"))
    await bot.send_document(7, "BQAC")
    assert telegram.types == ["application/json", "multipart/form-data", "application/json"]


@pytest.mark.parametrize(
    ("result", "message_id"),
    [
        (SENT | {"reply_markup": {"inline_keyboard": 5}}, 5),
        (SENT | {"forward_origin": {"type": "dream"}, "entities": [{}]}, 5),
        (SENT | {"from": {"id": 1}}, 5),
        ({"message_id": 5}, 5),
        (SENT | {"chat": "?"}, 5),
        (SENT | {"message_id": "five"}, 0),
        ("done", 0),
        ([], 0),
        (None, 0),
    ],
)
async def test_a_message_is_sent_once(telegram: Telegram, bot: Bot, result: Any, message_id: int) -> None:
    telegram.answers(result)
    sent = await bot.send_message(7, "hi")
    assert (sent.message_id, telegram.calls) == (message_id, ["sendMessage"])


@pytest.mark.parametrize("result", [SENT | {"forward_origin": {}}, {"message_id": 5}, "done", {}, None, 7])
async def test_an_edit_and_an_answer_are_done_once(telegram: Telegram, bot: Bot, result: Any) -> None:
    telegram.answers(result)
    assert await bot.edit_message_text("hi", chat_id=7, message_id=5)
    assert await bot.answer_callback_query("1")
    assert telegram.calls == ["editMessageText", "answerCallbackQuery"]


async def test_a_question_without_a_readable_answer_is_refused_at_once(telegram: Telegram, bot: Bot) -> None:
    telegram.answers({"odd": 1})
    with pytest.raises(TelegramAPIError, match="cannot be read"):
        await bot.get_file("f")
    assert telegram.calls == ["getFile"]


async def test_who_the_bot_is_can_be_told_with_less(telegram: Telegram, bot: Bot) -> None:
    telegram.answers({"id": 42, "is_bot": True, "first_name": "Shop", "username": "shop", "can_join_groups": "often"})
    assert (await bot.me()).username == "shop"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Sign in to the network</html>"),
        (200, "<html>Доступ запрещён</html>".encode("cp1251")),
        (200, b'{"error": "captive portal"}'),
        (200, b"[]"),
        (502, b'{"ok": false}'),
        (403, b'{"message": "blocked"}'),
        (503, b"null"),
    ],
)
async def test_what_is_not_telegrams_is_asked_again(telegram: Telegram, bot: Bot, status: int, body: bytes) -> None:
    telegram.status, telegram.body = status, body
    with pytest.raises(ClientDecodeError):
        await bot.send_message(7, "hi")
    assert len(telegram.calls) == module.ATTEMPTS


async def test_what_a_gateway_finds_too_large_is_too_large(telegram: Telegram, bot: Bot) -> None:
    """nginx before one's own Bot API server: asked again it would say the same, and no other message waits for it."""
    telegram.status, telegram.body = 413, b"<html><h1>413 Request Entity Too Large</h1></html>"
    with pytest.raises(TelegramEntityTooLarge):
        await bot.send_message(7, "hi")
    assert telegram.calls == ["sendMessage"]


async def test_a_refusal_written_oddly_is_the_refusal(telegram: Telegram, bot: Bot) -> None:
    telegram.status = 429
    odd = {"retry_after": 100, "migrate_to_chat_id": "?"}
    refusal = {"ok": False, "error_code": "429", "description": "Too Many Requests", "parameters": odd}
    telegram.body = json.dumps(refusal).encode()
    with pytest.raises(TelegramRetryAfter) as caught:
        await bot.send_message(7, "hi")
    assert (caught.value.retry_after, len(telegram.calls)) == (100, 1)
