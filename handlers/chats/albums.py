"""An album for an assistant: messages of their own in the chat, one message to it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from aiogram.fsm.context import FSMContext
from aiogram.types import Document, Message, PhotoSize

from handlers.chats.talk import KEPT, UserMessage, partner_of, say
from handlers.form.uploads import keep_picture
from handlers.kit.context import Context
from handlers.kit.conversation import ALBUM, keep_unsent, unsent
from services.chats.edits import together
from services.chats.orders import ASSISTANT_PICTURE, MessageTooLong, PicturesLeftOut, PicturesNotTaken
from services.errors import ShopError


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """`seen`: messages that were dealt with; `count`: pictures that were taken; `caption`: of a picture that was not,
    it goes with the next one; `kept`: it could not be sent and is kept, the key of that; `told`: which refusals the
    customer knows of."""

    id: str
    seen: Sequence[int] = ()
    count: int = 0
    caption: str = ""
    kept: str | None = None
    told: Sequence[str] = ()

    @classmethod
    async def find(cls, fsm: FSMContext, album_id: str) -> Self:
        stored: Any = (await fsm.get_data()).get(ALBUM)  # Any: as it was kept below
        return cls(**stored) if stored is not None and stored["id"] == album_id else cls(id=album_id)

    async def keep(self, fsm: FSMContext) -> None:
        await fsm.update_data({ALBUM: asdict(self)})


async def show_picture(message: Message, source: PhotoSize | Document, key: str, ctx: Context) -> None:
    """To an assistant with eyes. Raises PicturesNotTaken, PicturesLeftOut and what is wrong with the picture; each
    once of an album."""
    said = UserMessage(text=message.caption or "", key=key)
    if message.media_group_id is None:
        await _require_eyes(ctx)
        await say(replace(said, pictures=(await keep_picture(source, ASSISTANT_PICTURE, ctx),)), ctx)
        return
    album = await Album.find(ctx.fsm, message.media_group_id)
    if message.message_id in album.seen:
        return
    album = replace(album, seen=[*album.seen, message.message_id])
    said = replace(said, text=together(album.caption, said.text), more=album.count > 0)
    try:
        album = await _take(album, said, source, ctx)
    except ShopError as error:
        refusal = type(error).__name__
        await replace(album, caption=said.text, told=[*album.told, refusal]).keep(ctx.fsm)
        if refusal not in album.told:
            raise
    else:
        await album.keep(ctx.fsm)


async def _take(album: Album, said: UserMessage, source: PhotoSize | Document, ctx: Context) -> Album:
    most, wait = await _require_eyes(ctx), ctx.services.chats.wait_for_more
    waits = said.more and album.kept is None
    if said.more and (album.count >= most or (waits and not await wait(ctx.user.id, fetching=True))):
        raise PicturesLeftOut(count=album.count)
    try:
        said = replace(said, album=True, pictures=(await keep_picture(source, ASSISTANT_PICTURE, ctx),))
        await (say(said, ctx) if album.kept is None else _join_kept(album.kept, said, ctx))
    except ShopError as error:
        if waits:
            await wait(ctx.user.id, fetching=False)
        if said.more and isinstance(error, (PicturesLeftOut, MessageTooLong, *KEPT)):
            raise PicturesLeftOut(count=album.count) from None
        raise
    kept = album.kept or (said.key if said.key in [each.key for each in await unsent(ctx.fsm)] else None)
    return replace(album, count=album.count + 1, caption="", kept=kept)


async def _join_kept(key: str, said: UserMessage, ctx: Context) -> None:
    kept = next((each for each in await unsent(ctx.fsm) if each.key == key), None)
    if kept is None:
        raise PicturesLeftOut(count=0)
    text, pictures = together(kept.text, said.text), (*kept.pictures, *said.pictures)
    await keep_unsent(ctx.fsm, replace(kept, text=text, pictures=pictures))


async def _require_eyes(ctx: Context) -> int:
    """How many pictures the assistant looks at, before any is fetched. Raises PicturesNotTaken."""
    assistant = await partner_of(await ctx.services.chat_sessions.active(ctx.user.id), ctx)
    if assistant is None:
        return 1  # that there is none is told
    if not assistant.takes_pictures:
        raise PicturesNotTaken
    return assistant.most_pictures
