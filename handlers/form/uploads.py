"""Pictures and files that answer a question: fetched from Telegram, checked, kept."""

import asyncio
from pathlib import PurePath
from typing import BinaryIO, Final, cast
from uuid import UUID

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest
from aiogram.types import Document, Message, PhotoSize
from aiohttp import ClientError

from handlers.form.columns import ask_column
from handlers.form.enclosed import answer_file, answer_image
from handlers.form.session import FormSession
from handlers.form.state import Turn
from handlers.form.wanted import file_wanted, image_wanted, series_wanted
from handlers.kit.context import Context
from handlers.telegram.local_files import SHARING, NotReadable, copy_local, is_local
from services.errors import N_, ShopError
from services.files.files import media_type_of
from services.manifests.manifest import TableInput
from services.manifests.preparation import MAX_BYTES as MAX_PICTURE
from services.manifests.preparation import Prepare
from services.values.errors import ColumnWanted, FileTooLarge
from services.values.series import MAX_BYTES as MAX_TABLE
from services.values.series import Taken
from services.values.table_values import TableValue

log = structlog.get_logger()

PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".heic", ".heif", ".avif"})


class NotFetched(ShopError):
    message = N_("Telegram did not hand over the file. Please send it again.")


class FilesClosed(ShopError):
    message = N_("The shop cannot open files right now; its owner has to mend that. Please send it again later.")


async def take_photo(message: Message, session: FormSession) -> Turn:
    assert message.photo
    return await _picture(message.photo[-1], session)


async def take_document(message: Message, session: FormSession) -> Turn:
    """A picture sent as a file is a picture; everything else may be a table of numbers."""
    document, ctx = message.document, session.ctx
    assert document is not None
    if is_picture(document):
        return await _picture(document, session)
    field = file_wanted(session.form, session.state)
    if field is None:
        return answer_file(session.form, session.state, [])
    found: Taken | TableValue
    try:
        async with ctx.services.intake.upload(ctx.user.id) as upload:
            await fetch(ctx.bot, document.file_id, size=document.file_size, into=upload.file, limit=MAX_TABLE)
            found = await (upload.table(field) if isinstance(field, TableInput) else upload.numbers(field))
    except ColumnWanted as wanted:
        return ask_column(session.form, session.state, wanted, file=document.file_id)
    except ShopError as problem:
        return Turn(state=session.state, problem=problem)
    return answer_file(session.form, session.state, found)


async def take_column(turn: Turn, session: FormSession) -> Turn:
    """The column that was chosen of the file that waits. Telegram keeps the file, and hands it over again."""
    ctx = session.ctx
    field, table = series_wanted(session.form, turn.state), turn.state.table
    assert field is not None
    assert table is not None
    assert table.file is not None
    try:
        async with ctx.services.intake.upload(ctx.user.id) as upload:
            await fetch(ctx.bot, table.file, size=None, into=upload.file, limit=MAX_TABLE)
            numbers = await upload.numbers(field, column=turn.column)
    except ShopError as problem:
        return Turn(state=turn.state, problem=problem)
    return answer_file(session.form, turn.state, numbers)


def is_picture(document: Document) -> bool:
    kind = document.mime_type or ""
    return kind.startswith("image/") or PurePath(document.file_name or "").suffix.lower() in PICTURES


async def _picture(source: PhotoSize | Document, session: FormSession) -> Turn:
    ctx = session.ctx
    field = image_wanted(session.form, session.state)
    if field is None:
        return answer_image(session.form, session.state, "")
    try:
        file_id = await keep_picture(source, field.prepare, ctx)
    except ShopError as problem:
        return Turn(state=session.state, problem=problem)
    return answer_image(session.form, session.state, file_id.hex)


def picture_of(message: Message) -> PhotoSize | Document | None:
    if message.photo:
        return message.photo[-1]
    document = message.document
    return document if document is not None and is_picture(document) else None


async def keep_picture(source: PhotoSize | Document, prepare: Prepare, ctx: Context) -> UUID:
    """The id of the file. Raises as `fetch_picture`, and StoreAway."""
    picture = await fetch_picture(source, prepare, ctx)
    return await ctx.services.files.put(ctx.user.id, picture, media_type_of(picture))


async def fetch_picture(source: PhotoSize | Document, prepare: Prepare, ctx: Context) -> bytes:
    """JPEG or PNG, looked at, upright and small enough to keep. Raises what is wrong with the picture, NotFetched,
    FilesClosed."""
    async with ctx.services.intake.upload(ctx.user.id) as upload:
        await fetch(ctx.bot, source.file_id, size=source.file_size, into=upload.file, limit=MAX_PICTURE)
        return await upload.picture(prepare)


class _Bounded:
    """A file to download into, as far as it goes."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._left, self._limit = file, limit, limit

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:  # whatever size was told
            raise FileTooLarge(megabytes=self._limit // 1_000_000)
        return self._file.write(data)

    def flush(self) -> None:
        """At the end is enough."""


async def fetch(bot: Bot, file_id: str, *, size: int | None, into: BinaryIO, limit: int) -> None:
    """Raises FileTooLarge, where it can before anything is fetched, NotFetched, FilesClosed."""
    if (size or 0) > limit:
        raise FileTooLarge(megabytes=limit // 1_000_000)
    path, bounded = "", cast(BinaryIO, _Bounded(into, limit))
    try:
        path = (await bot.get_file(file_id)).file_path or path
        if not (is_local(path) and await _copied(bot, path, bounded)):
            await bot.download_file(path, destination=bounded, seek=False)
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise FileTooLarge(megabytes=limit // 1_000_000) from error
        log.warning("file_refused", error=error.message)
        raise NotFetched() from error
    except (AiogramError, ClientError, EOFError, OSError) as error:
        log.warning("file_not_fetched", error=f"{type(error).__name__}: {error}")
        raise (FilesClosed() if is_local(path) else NotFetched()) from error


async def _copied(bot: Bot, path: str, into: BinaryIO) -> bool:
    """From the disk of one's own server. False where it cannot be read there: a proxy before it may serve it."""
    try:
        await asyncio.to_thread(copy_local, path, token=bot.token, into=into)
    except NotReadable as error:
        log.error("local_file_not_readable", reason=str(error), fix=SHARING)
        return False
    return True
