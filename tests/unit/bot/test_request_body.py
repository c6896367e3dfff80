"""Calls as JSON say what aiogram's own form says; those with files stay forms."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiogram import Bot, methods
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.enums import ChatAction, ParseMode
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LabeledPrice,
    LinkPreviewOptions,
    MenuButtonWebApp,
    ReplyParameters,
    WebAppInfo,
)
from aiohttp import BytesPayload, FormData

from handlers.telegram.client import make_bot
from handlers.telegram.request_body import request_body

ROOT = Path(__file__).parents[3]
FILE = BufferedInputFile(b"%PNG", filename="picture.png")
KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[
        [InlineKeyboardButton(text="💰 Баланс", callback_data="balance")],
        [
            InlineKeyboardButton(text="Оплатить & закрыть", url="https://shop.example/?a=1&b=2"),
            InlineKeyboardButton(text=""),
        ],
    ]
)
TEXT = 'Привет, <b>Анна</b> & Co. 👩🏽‍🚀\n"quoted" \\ +1 %20 null'
WITHOUT_FILES: list[TelegramMethod[Any]] = [
    methods.SendMessage(chat_id=7, text=TEXT, reply_markup=KEYBOARD),
    methods.SendMessage(chat_id=-100123, text="null", parse_mode=None, message_thread_id=0, disable_notification=False),
    methods.SendMessage(
        chat_id=7, text="", link_preview_options=LinkPreviewOptions(is_disabled=False, url="https://a")
    ),
    methods.SendMessage(chat_id=7, text="true", reply_parameters=ReplyParameters(message_id=5)),
    methods.SendPhoto(chat_id=7, photo="AgACAgIAAx", caption=TEXT, has_spoiler=False),
    methods.SendDocument(chat_id=7, document="BQACAgIAAx", caption=""),
    methods.SendMediaGroup(chat_id=7, media=[InputMediaPhoto(media="f", caption=TEXT), InputMediaPhoto(media="g")]),
    methods.SendChatAction(chat_id=7, action=ChatAction.TYPING),
    methods.EditMessageText(chat_id=7, message_id=5, text=TEXT, reply_markup=KEYBOARD),
    methods.EditMessageMedia(chat_id=7, message_id=5, media=InputMediaPhoto(media="f", parse_mode="HTML")),
    methods.EditMessageReplyMarkup(chat_id=7, message_id=5, reply_markup=None),
    methods.DeleteMessage(chat_id=7, message_id=5),
    methods.GetChatMenuButton(),
    methods.SetChatMenuButton(menu_button=MenuButtonWebApp(text="Кабинет", web_app=WebAppInfo(url="https://a/b"))),
    methods.AnswerCallbackQuery(callback_query_id="1", text=None, show_alert=False, cache_time=0),
    methods.GetUpdates(offset=0, timeout=0, limit=100, allowed_updates=[]),
    methods.GetUpdates(offset=8, timeout=25, allowed_updates=["message", "callback_query"]),
    methods.GetMe(),
    methods.GetFile(file_id="f"),
    methods.GetForumTopicIconStickers(),
    methods.GetWebhookInfo(),
    methods.SetWebhook(
        url="https://shop.example/hook", secret_token="s", drop_pending_updates=False, max_connections=4
    ),
    methods.SetWebhook(url=""),
    methods.DeleteWebhook(drop_pending_updates=False),
    methods.SetMyCommands(
        commands=[BotCommand(command="balance", description="Баланс")], scope=BotCommandScopeAllPrivateChats()
    ),
    methods.SetMyCommands(commands=[], scope=BotCommandScopeChat(chat_id=7), language_code="ru"),
    methods.SetMyDescription(description=TEXT, language_code="ru"),
    methods.SetMyShortDescription(short_description="", language_code="ru"),
    methods.SendInvoice(
        chat_id=7,
        title=TEXT,
        description=TEXT,
        payload="a1",
        currency="XTR",
        prices=[LabeledPrice(label=TEXT, amount=50)],
    ),
    methods.BanChatMember(chat_id=7, user_id=8, until_date=datetime(2026, 11, 26, tzinfo=UTC)),
    methods.SendLocation(chat_id=7, latitude=0.0, longitude=-37.5),
]
WITH_FILES: list[TelegramMethod[Any]] = [
    methods.SendPhoto(chat_id=7, photo=FILE, caption=TEXT, reply_markup=KEYBOARD),
    methods.SendDocument(chat_id=7, document=FILE, caption=TEXT),
    methods.SendVoice(chat_id=7, voice=FILE, caption=TEXT),
    methods.SendMediaGroup(chat_id=7, media=[InputMediaPhoto(media="f"), InputMediaDocument(media=FILE)]),
    methods.EditMessageMedia(chat_id=7, message_id=5, media=InputMediaPhoto(media=FILE, caption=TEXT)),
    methods.SetWebhook(url="https://shop.example/hook", certificate=FILE),
]
DEFAULTS = {
    "the shop's": None,
    "none": DefaultBotProperties(),
    "all": DefaultBotProperties(
        parse_mode=ParseMode.MARKDOWN_V2,
        disable_notification=False,
        protect_content=True,
        allow_sending_without_reply=True,
        link_preview_prefer_small_media=True,
        show_caption_above_media=False,
    ),
}


@pytest.fixture(params=DEFAULTS)
async def bot(request: pytest.FixtureRequest) -> AsyncIterator[Bot]:
    bot = make_bot("42:" + "x" * 30, "https://api.telegram.org")
    bot.default = DEFAULTS[request.param] or bot.default
    yield bot
    await bot.session.close()


@pytest.mark.parametrize("method", WITHOUT_FILES, ids=lambda method: method.__api_method__)
async def test_json_says_what_the_form_says(bot: Bot, method: TelegramMethod[Any]) -> None:
    session = bot.session
    assert isinstance(session, AiohttpSession)
    body, form = request_body(session, bot, method), session.build_form_data(bot, method)
    assert isinstance(body, BytesPayload)
    assert body.content_type == "application/json"
    said = json.loads(body.decode())
    assert None not in said.values()
    assert _as_telegram_reads(said) == _as_telegram_reads(_fields(form))
    texts = [name for name, value in said.items() if isinstance(value, str) and value.startswith(("{", "["))]
    assert not texts, "objects are objects, not texts of them"


@pytest.mark.parametrize("method", WITH_FILES, ids=lambda method: method.__api_method__)
async def test_what_carries_a_file_is_a_form(bot: Bot, method: TelegramMethod[Any]) -> None:
    assert isinstance(bot.session, AiohttpSession)
    body = request_body(bot.session, bot, method)
    assert isinstance(body, FormData)
    assert body.is_multipart


def test_no_method_that_the_shop_calls_is_missing_here() -> None:
    tried = {type(method).__name__ for method in (*WITHOUT_FILES, *WITH_FILES)}
    assert _called() - tried == set()
    assert {"SendMessage", "EditMessageText", "SetMyCommands"} <= _called()


def _fields(form: FormData) -> dict[str, str]:
    return dict(parse_qsl(form().decode(), keep_blank_values=True, strict_parsing=bool(form().size)))


def _as_telegram_reads(parameters: dict[str, Any]) -> dict[str, Any]:
    """A parameter is a text; of one that is none Telegram takes its JSON, and parses it where it wants more."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}
    return {name: json.loads(text) if text.startswith(("{", "[")) else text for name, text in texts.items()}


def _called() -> set[str]:
    """Names of the methods that `bot.<name>` and its like mean, wherever the shop's code says so."""
    sources = [path.read_text() for part in ("bot", "handlers", "web") for path in (ROOT / part).rglob("*.py")]
    names = {name for source in sources for name in re.findall(r"\bbot\.([a-z_]+)\b", source)}
    known = {name[0].lower() + name[1:]: name for name in methods.__all__}
    camel = {"".join([first, *(word.title() for word in rest)]) for first, *rest in (n.split("_") for n in names)}
    return {known[name] for name in camel if name in known}
