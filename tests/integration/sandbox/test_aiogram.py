"""A real bot on aiogram lives in the sandbox, and people talk to it through the client."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.filters import Command, CommandStart
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web
from PIL import Image

from sandbox.client.sandbox import Person, Sandbox


def chart() -> BufferedInputFile:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), "navy").save(buffer, "PNG")
    return BufferedInputFile(buffer.getvalue(), "chart.png")


def keyboard(*labels: str) -> InlineKeyboardMarkup:
    row = [InlineKeyboardButton(text=label, callback_data=label) for label in labels]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def shop() -> Dispatcher:
    """A little bot with a menu, a toast, an alert, a picture in place of a text, an echo of files."""
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def start(message: Message) -> None:
        await message.answer("<b>Баланс: 10.00</b>", parse_mode="HTML", reply_markup=keyboard("Пополнить", "График"))

    @dispatcher.callback_query(F.data == "Пополнить")
    async def top_up(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text("Баланс: 20.00", reply_markup=keyboard("График", "Назад"))
        await query.answer("Готово")

    @dispatcher.callback_query(F.data == "График")
    async def picture(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_media(InputMediaPhoto(media=chart(), caption="Вот он"))
        await query.answer()

    @dispatcher.callback_query()
    async def stale(query: CallbackQuery) -> None:
        await query.answer("Эта кнопка устарела", show_alert=True)

    @dispatcher.message(F.photo | F.document)
    async def file(message: Message, bot: Bot) -> None:
        found = message.document if message.photo is None else message.photo[-1]
        assert found is not None
        data = await bot.download(found)
        assert data is not None
        size = len(data.read())
        await message.reply_document(BufferedInputFile(b"x" * size, "same-size.txt"), caption=f"{size} байт")

    @dispatcher.edited_message()
    async def edited(message: Message) -> None:
        await message.answer(f"Исправлено на «{message.text}»")

    @dispatcher.message(Command("fail"))
    async def fail(message: Message) -> None:
        await message.answer("x" * 5000)

    return dispatcher


@asynccontextmanager
async def polling(bot: Bot) -> AsyncIterator[None]:
    dispatcher = shop()
    async with asyncio.TaskGroup() as group:
        group.create_task(
            dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=1)
        )
        yield
        await dispatcher.stop_polling()


@asynccontextmanager
async def webhook(bot: Bot) -> AsyncIterator[None]:
    app = web.Application()
    SimpleRequestHandler(shop(), bot, handle_in_background=False, secret_token="secret").register(app, "/hook")
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token="secret")
    try:
        yield
    finally:
        await bot.delete_webhook()
        await runner.cleanup()


@pytest.mark.parametrize("mode", [polling, webhook])
async def test_a_conversation(sandbox: Sandbox, bot: Bot, anna: Person, mode: type) -> None:
    async with mode(bot):
        await anna.says("/start")
        menu = await anna.sees("Баланс: 10.00")
        assert menu.html == "<b>Баланс: 10.00</b>"
        assert anna.last.buttons == ["Пополнить", "График"]
        answer = await anna.presses("Пополнить")
        assert (answer.text, answer.show_alert) == ("Готово", False)
        changed = await anna.sees("Баланс: 20.00")
        assert (changed.id, changed.edits) == (menu.id, 1)
        await anna.never_sees("10.00", during=0.05)
        await anna.presses("Граф")
        assert (await anna.sees_photo("Вот он")).photo is not None
        answer = await anna.forges("Назад", menu.id)
        assert (answer.text, answer.show_alert) == ("Эта кнопка устарела", True)
        await anna.sends_file("prices.csv", b"1;2;3", caption="цены")
        assert (await anna.sees("5 байт")).document == b"xxxxx"
        await anna.sends_photo(chart().data)
        assert (await anna.sees(re.compile(r"\d+ байт"))).file_name == "same-size.txt"
        await anna.edits(await anna.says("приевт"), "привет")
        await anna.sees("Исправлено на «привет»")
    for call in await sandbox.log():
        assert "unknown" not in call, "a real bot sends nothing that the documentation does not know"


async def test_a_press_that_nobody_answers_is_told_with_the_chat(sandbox: Sandbox, bot: Bot, anna: Person) -> None:
    await anna.says("/start")
    await bot.send_message(anna.id, "Выберите", reply_markup=keyboard("Да", "Нет"))
    with pytest.raises(AssertionError, match=r"(?s)got no answer in 0.05 s.*bot: Выберите\n +\[Да\] \[Нет\]"):
        await anna.presses("Да", within=0.05)
    with pytest.raises(AssertionError, match=r"did not see 'Баланс' in 0.05 s"):
        await anna.sees("Баланс", within=0.05)
    with pytest.raises(AssertionError, match=r"found no button \[Купить\]"):
        await anna.presses("Купить", within=0.05)
    await bot.send_message(anna.id, "Баланс: 0")
    with pytest.raises(AssertionError, match="saw 'Баланс'"):
        await anna.never_sees("Баланс", during=0.05)


async def test_errors_reach_aiogram_as_its_own(sandbox: Sandbox, bot: Bot, anna: Person) -> None:
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(anna.id, "x")
    await anna.says("/start")
    sent = await bot.send_message(anna.id, "x")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("x", chat_id=anna.id, message_id=sent.message_id)
    await sandbox.fault("sendMessage", "429", retry_after=3)
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(anna.id, "x")
    assert refused.value.retry_after == 3
    await sandbox.fault("sendMessage", "502")
    with pytest.raises(TelegramServerError):
        await bot.send_message(anna.id, "x")
    await sandbox.fault("sendMessage", "cut")
    with pytest.raises(TelegramNetworkError):
        await bot.send_message(anna.id, "x")
    await anna.blocks()
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(anna.id, "x")
    stranger = Bot("77:" + "x" * 35, session=bot.session)
    with pytest.raises(TelegramUnauthorizedError):
        await stranger.get_me()


async def test_what_the_bot_says_of_itself(sandbox: Sandbox, bot: Bot, anna: Person) -> None:
    john = await sandbox.person("John", language_code="en")
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.first_name) == (sandbox.bot_id, True, "Kassandra")
    scope = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand(command="start", description="Start")], scope=scope)
    await bot.set_my_commands(
        [BotCommand(command="start", description="Начать"), BotCommand(command="help", description="Помощь")],
        scope=scope,
        language_code="ru",
    )
    assert await anna.commands() == ["start", "help"]
    assert await john.commands() == ["start"]
    assert [each.command for each in await bot.get_my_commands(scope=scope, language_code="ru")] == ["start", "help"]
    assert await bot.get_my_commands() == []
    await bot.delete_my_commands(scope=scope, language_code="ru")
    assert await anna.commands() == ["start"]
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand(command="Пуск", description="x")])
    await bot.set_my_description("Я предсказываю", language_code="ru")
    assert (await bot.get_my_description(language_code="ru")).description == "Я предсказываю"
    assert (await bot.get_my_description(language_code="en")).description == ""
    await bot.set_my_short_description("Касса")
    assert (await bot.get_my_short_description(language_code="en")).short_description == "Касса"
    await bot.set_my_name("Касса", language_code="ru")
    assert (await bot.get_my_name(language_code="ru")).name == "Касса"
    assert (await bot.get_my_name()).name == "Kassandra"
    await anna.says("/start")
    assert (await bot.get_chat(anna.id)).first_name == "Анна"
    assert await bot.set_chat_menu_button(anna.id)
    assert (await bot.get_chat_menu_button(anna.id)).type == "default"
