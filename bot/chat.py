"""Puts screens into a chat: sends a new message, or turns the one under a button into the next screen."""

from contextlib import suppress

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    Message,
)

from bot.place import here
from bot.screens import Screen
from bot.telegram import PASSING, is_unchanged, is_uneditable


def keyboard(screen: Screen) -> InlineKeyboardMarkup | None:
    if not screen.rows:
        return None
    rows = [
        [
            InlineKeyboardButton(text=b.text, url=b.url)
            if b.url
            else InlineKeyboardButton(text=b.text, callback_data=b.action)
            for b in row
        ]
        for row in screen.rows
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


async def send(bot: Bot, chat_id: int, screen: Screen) -> Message:
    """A new message."""
    markup = keyboard(screen)
    if screen.photo is None:
        return await bot.send_message(chat_id, screen.text, reply_markup=markup)
    photo = BufferedInputFile(screen.photo, filename="picture.png")
    return await bot.send_photo(chat_id, photo, caption=screen.text, reply_markup=markup)


async def edit(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> bool:
    """Turn a message into the screen; False where that cannot be done and a new one is needed."""
    markup = keyboard(screen)
    try:
        if screen.photo is None:
            await bot.edit_message_text(screen.text, chat_id=chat_id, message_id=message_id, reply_markup=markup)
        else:
            photo = BufferedInputFile(screen.photo, filename="picture.png")
            media = InputMediaPhoto(media=photo, caption=screen.text, parse_mode="HTML")
            await bot.edit_message_media(media, chat_id=chat_id, message_id=message_id, reply_markup=markup)
    except TelegramBadRequest as error:
        if is_unchanged(error):
            return True
        if is_uneditable(error):
            return False
        raise
    return True


async def show(query: CallbackQuery, screen: Screen, notice: str | None = None) -> Message | None:
    """The next screen after a button: in place where the message can become it and is not to be kept, below it
    otherwise. Answers the query.
    Returns the new message where one was sent."""
    bot, old = query.bot, query.message
    assert bot is not None
    chat_id = old.chat.id if old is not None else query.from_user.id
    sent = None
    if (
        not isinstance(old, Message)
        or old.message_id == here().keeps
        or (old.photo and screen.photo is None)
        or not await edit(bot, chat_id, old.message_id, screen)
    ):
        sent = await send(bot, chat_id, screen)
    await acknowledge(query, notice)
    return sent


async def acknowledge(query: CallbackQuery, notice: str | None = None, *, alert: bool = False) -> None:
    """Stop the button's spinner. What else was asked must not fail because that does: it stops by itself."""
    with suppress(TelegramBadRequest, TelegramRetryAfter, *PASSING):
        await query.answer(notice and notice[:200], show_alert=alert)


async def delete(bot: Bot, chat_id: int, message_id: int) -> None:
    """Take a message away, if it is still there."""
    with suppress(TelegramBadRequest):
        await bot.delete_message(chat_id, message_id)


async def strip_buttons(bot: Bot, chat_id: int, message_id: int) -> None:
    """Take the buttons off an old message, if it is still there."""
    with suppress(TelegramBadRequest):
        await bot.edit_message_reply_markup(chat_id=chat_id, message_id=message_id, reply_markup=None)
