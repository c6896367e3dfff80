"""Pictures and files that answer a question: fetched from Telegram, checked, kept."""

import asyncio
from io import BytesIO
from pathlib import PurePath
from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.types import Document, Message, PhotoSize
from aiohttp import ClientError

from bot.forms import Turn, answer_file, answer_image
from bot.forms.flow import image_wanted, series_wanted
from handlers.desk import Desk
from services.errors import N_, ShopError
from services.files import Files
from services.inference.errors import FileTooLarge
from services.inference.fields import Prepare
from services.inference.images import check_image, prepare
from services.inference.series import MAX_BYTES as MAX_TABLE
from services.users import UserView

log = structlog.get_logger()

MAX_PICTURE: Final = 20_000_000  # what Telegram lets a bot download
PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"})


class NotFetched(ShopError):
    message = N_("Telegram did not hand over the file. Please send it again.")


async def take_photo(message: Message, desk: Desk, *, bot: Bot, user: UserView, files: Files) -> Turn:
    assert message.photo
    return await _picture(message.photo[-1], desk, bot=bot, user=user, files=files)


async def take_document(message: Message, desk: Desk, *, bot: Bot, user: UserView, files: Files) -> Turn:
    """A picture sent as a file is a picture; everything else may be a table of numbers."""
    document = message.document
    assert document is not None
    if is_picture(document):
        return await _picture(document, desk, bot=bot, user=user, files=files)
    if series_wanted(desk.form, desk.state) is None:
        return answer_file(desk.form, desk.state, b"")
    try:
        data = await _fetch(bot, document, limit=MAX_TABLE)
    except ShopError as problem:
        return Turn(state=desk.state, problem=problem)
    return await asyncio.to_thread(answer_file, desk.form, desk.state, data)


def is_picture(document: Document) -> bool:
    kind = document.mime_type or ""
    return kind.startswith("image/") or PurePath(document.file_name or "").suffix.lower() in PICTURES


async def _picture(source: PhotoSize | Document, desk: Desk, *, bot: Bot, user: UserView, files: Files) -> Turn:
    field = image_wanted(desk.form, desk.state)
    if field is None:
        return answer_image(desk.form, desk.state, "")
    try:
        data = await _fetch(bot, source, limit=MAX_PICTURE)
        picture = await asyncio.to_thread(_checked, data, field.prepare)
    except ShopError as problem:
        return Turn(state=desk.state, problem=problem)
    kind = "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg"
    file_id = await files.put(user.id, picture, kind)
    return answer_image(desk.form, desk.state, file_id.hex)


def _checked(data: bytes, spec: Prepare) -> bytes:
    """Small enough to keep, and something the model can look at: better refused now than paid back later."""
    picture = check_image(data)
    prepare(picture, spec)
    return picture


async def _fetch(bot: Bot, source: PhotoSize | Document, *, limit: int) -> bytes:
    """Raises FileTooLarge before anything is fetched, NotFetched."""
    if (source.file_size or 0) > limit:
        raise FileTooLarge(megabytes=limit // 1_000_000)
    target = BytesIO()
    try:
        await bot.download(source, destination=target)
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise FileTooLarge(megabytes=limit // 1_000_000) from error
        log.warning("file_refused", error=error.message)
        raise NotFetched() from error
    except (AiogramError, ClientError, TimeoutError, OSError) as error:
        log.warning("file_not_fetched", error=f"{type(error).__name__}: {error}")
        raise NotFetched() from error
    return target.getvalue()
