"""Puts screens into a chat: sends a new message, or turns the one under a button into the next screen."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramEntityTooLarge, TelegramRetryAfter
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LabeledPrice,
    Message,
    MessageEntity,
)

from db.tables.currencies import Currency
from handlers.telegram.client import PASSING, is_gone, is_unchanged, is_uneditable
from handlers.telegram.reply_target import reply_target
from handlers.telegram.screen import Button, Screen

T = TypeVar("T")
log = structlog.get_logger()

ALBUM = 10  # so many photos or files are one message to the eye
ALBUM_BYTES = 45_000_000  # of 50 MB that a request may have
FORWARDED = "invoice"  # copies of an invoice lead to the bot and cannot be paid
REFUSED = (TelegramBadRequest, TelegramEntityTooLarge)  # words about this very message


def keyboard(screen: Screen) -> InlineKeyboardMarkup | None:
    if not screen.rows:
        return None
    return InlineKeyboardMarkup(inline_keyboard=[[_button(each) for each in row] for row in screen.rows])


def _button(button: Button) -> InlineKeyboardButton:
    if button.pays:
        return InlineKeyboardButton(text=button.text, pay=True)
    if button.url:
        return InlineKeyboardButton(text=button.text, url=button.url)
    return InlineKeyboardButton(text=button.text, callback_data=button.action)


async def send(bot: Bot, chat_id: int, screen: Screen) -> Message:
    """A new message."""
    markup = keyboard(screen)
    if screen.invoice is not None:
        return await bot.send_invoice(
            chat_id,
            title=screen.invoice.title,
            description=screen.text,
            payload=screen.invoice.payload,
            currency=Currency.XTR,
            prices=[LabeledPrice(label=screen.invoice.title, amount=screen.invoice.stars)],
            start_parameter=FORWARDED,
            reply_markup=markup,
        )
    if screen.document is not None and screen.document.voice is not None:
        voice = BufferedInputFile(screen.document.voice, filename="voice.ogg")
        return await bot.send_voice(chat_id, voice, caption=screen.text, reply_markup=markup)
    if screen.document is not None:
        file = BufferedInputFile(screen.document.content, filename=screen.document.name)
        return await bot.send_document(chat_id, file, caption=screen.text, reply_markup=markup)
    if screen.photo is not None:
        photo = BufferedInputFile(screen.photo, filename=screen.photo_name)
        return await bot.send_photo(chat_id, photo, caption=screen.text, reply_markup=markup)
    return await bot.send_message(chat_id, screen.text, reply_markup=markup, **formatting(screen))


def formatting(screen: Screen) -> dict[str, Any]:  # Any: arguments of calls that take a text
    """How the text is to be read: as HTML, which is the bot's default, or plain with entities."""
    if screen.entities is None:
        return {}
    told = [
        MessageEntity(type=each.type, offset=each.offset, length=each.length, url=each.url, language=each.language)
        for each in screen.entities
    ]
    return {"parse_mode": None, "entities": told}


def album(screens: Sequence[Screen], most: int = ALBUM) -> int:
    """How many of the first go into one message: photos, or files, of a size that one request may have. At least 1."""
    count, size = 0, 0
    for screen in screens[:most]:
        size += len(screen.photo or (screen.document.content if screen.document else b""))
        alike = (screen.photo is None, screen.document is None) == (
            screens[0].photo is None,
            screens[0].document is None,
        )
        spoken = any(each.document is not None and each.document.voice is not None for each in (screen, screens[0]))
        if count and (size > ALBUM_BYTES or not alike or spoken):
            break
        count += 1
    return max(count, 1)


async def send_together(bot: Bot, chat_id: int, screens: Sequence[Screen]) -> None:
    """One message, or several photos or files with their captions that belong together: as many as `album` says."""
    if len(screens) == 1:
        await send(bot, chat_id, screens[0])
    else:
        media = [each for screen in screens if (each := _media(screen)) is not None]
        await bot.send_media_group(chat_id, list(media))


async def send_all(bot: Bot, chat_id: int, screens: Sequence[Screen]) -> int:
    """In as few messages as may be, each sent once; of a group that is refused each alone, in the form that is taken.
    Returns how many were refused in every form."""
    rest, refused = list(screens), 0
    while rest:
        part, rest = rest[: album(rest)], rest[album(rest) :]
        try:
            if len(part) == 1:
                await in_some_form(partial(send, bot, chat_id), part[0])
            else:
                await send_together(bot, chat_id, part)
        except REFUSED as error:
            if is_refusal_of_chat(error):
                raise
            refused += 1 if len(part) == 1 else sum([await send_all(bot, chat_id, [each]) for each in part])
    return refused


def is_refusal_of_chat(error: AiogramError) -> bool:
    """Whether no other form would do."""
    return isinstance(error, TelegramBadRequest) and is_gone(error)


async def edit(bot: Bot, chat_id: int, message_id: int, screen: Screen) -> bool:
    """Turn a message into the screen; False where that cannot be done and a new one is needed."""
    if screen.invoice is not None:
        return False
    markup = keyboard(screen)
    try:
        if (media := _media(screen)) is None:
            await bot.edit_message_text(
                screen.text, chat_id=chat_id, message_id=message_id, reply_markup=markup, **formatting(screen)
            )
        else:
            await bot.edit_message_media(media, chat_id=chat_id, message_id=message_id, reply_markup=markup)
    except TelegramBadRequest as error:
        if is_unchanged(error):
            return True
        if is_uneditable(error):
            return False
        raise
    return True


def _media(screen: Screen) -> InputMediaPhoto | InputMediaDocument | None:
    if screen.document is not None:
        file = BufferedInputFile(screen.document.content, filename=screen.document.name)
        return InputMediaDocument(media=file, caption=screen.text, parse_mode="HTML")
    if screen.photo is not None:
        photo = BufferedInputFile(screen.photo, filename=screen.photo_name)
        return InputMediaPhoto(media=photo, caption=screen.text, parse_mode="HTML")
    return None


async def in_some_form(put: Callable[[Screen], Awaitable[T]], screen: Screen) -> T:
    """`put` the screen; where Telegram refuses it as it is, its plainer forms in turn. What was refused has not
    arrived, so all of it may be done again. Raises what the last form was refused with."""
    while True:
        try:
            return await put(screen)
        except REFUSED as error:
            plainer = screen.plainer()
            if plainer is None or is_refusal_of_chat(error):
                raise
            log.warning("screen_refused", error=error.message, next="file" if plainer.document else "words")
            screen = plainer


async def show(query: CallbackQuery, screen: Screen, notice: str | None = None) -> Message | None:
    """The next screen after a button: in place where the message can become it and is not to be kept, below it
    otherwise. Answers the query.
    Returns the new message where one was sent."""
    bot, old = query.bot, query.message
    assert bot is not None
    chat_id = old.chat.id if old is not None else query.from_user.id
    place = old if isinstance(old, Message) and old.message_id != reply_target().keeps else None

    async def put(form: Screen) -> Message | None:
        if place is not None and _can_become(place, form) and await edit(bot, chat_id, place.message_id, form):
            return None
        return await send(bot, chat_id, form)

    sent = await in_some_form(put, screen)
    await acknowledge(query, notice)
    return sent


def _can_become(old: Message, screen: Screen) -> bool:
    """A message with a picture or a file does not become one without, and an invoice nothing else."""
    if old.invoice or screen.invoice:
        return False
    return bool(screen.photo or screen.document) or not (old.photo or old.document)


def actions_beside(query: CallbackQuery) -> list[str]:
    """Callback data of all buttons of the message that this one is under."""
    markup = query.message.reply_markup if isinstance(query.message, Message) else None
    return [button.callback_data or "" for row in markup.inline_keyboard for button in row] if markup else []


async def acknowledge(query: CallbackQuery, notice: str | None = None, *, alert: bool = False) -> None:
    """Stop the button's spinner. What else was asked must not fail because that does: it stops by itself."""
    try:
        await query.answer(notice and notice[:200], show_alert=alert)
    except (TelegramBadRequest, TelegramRetryAfter, *PASSING):  # an old tap, or a moment that passes
        pass
    except AiogramError as error:
        log.warning("button_not_answered", error=str(error))


async def delete(bot: Bot, chat_id: int, message_id: int) -> None:
    """Take a message away, if it is still there."""
    with suppress(TelegramBadRequest):
        await bot.delete_message(chat_id, message_id)


async def strip_buttons(bot: Bot, chat_id: int, message_id: int) -> None:
    """Take the buttons off an old message, if it is still there."""
    with suppress(TelegramBadRequest):
        await bot.edit_message_reply_markup(chat_id=chat_id, message_id=message_id, reply_markup=None)
