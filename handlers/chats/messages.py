"""What is typed, sent or edited while a customer talks with an assistant."""

from dataclasses import replace
from typing import Final

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Filter, StateFilter
from aiogram.types import Message, Voice

from handlers.chats import screens
from handlers.chats.albums import show_picture
from handlers.chats.talk import UserMessage, partner_of, say
from handlers.chats.voices import keep_voice
from handlers.form.uploads import picture_of
from handlers.kit.context import Context
from handlers.kit.conversation import TalkState, UnsentMessage, keep_unsent
from handlers.kit.dialog import put
from services.chats.edits import EDIT
from services.chats.voices import VoiceNotTaken
from services.errors import N_

ONLY_THE_LAST: Final = N_("Only your last message can be changed and answered anew. Please write it once more.")


class IsSaid(Filter):
    async def __call__(self, message: Message) -> bool:
        return bool(message.text or message.voice or picture_of(message) is not None)


def router() -> Router:
    """After commands and forms."""
    router = Router(name="talking")
    router.message.register(said, StateFilter(TalkState.talking), IsSaid())
    router.message.register(not_words, StateFilter(TalkState.talking))
    router.edited_message.register(edited, StateFilter(TalkState.talking))
    return router


async def said(message: Message, *, ctx: Context) -> None:
    key = f"say:{message.chat.id}:{message.message_id}"
    if message.text is not None:
        await say(UserMessage(text=message.text, key=key, sent_at=message.date), ctx)
        return
    if message.voice is not None:
        await _said_aloud(message.voice, UserMessage(text=message.caption or "", key=key), ctx)
        return
    source = picture_of(message)
    assert source is not None
    await show_picture(message, source, key, ctx)


async def _said_aloud(voice: Voice, message: UserMessage, ctx: Context) -> None:
    """To an assistant that listens. Raises VoiceNotTaken, and what is wrong with the voice message."""
    assistant = await partner_of(await ctx.services.chat_sessions.active(ctx.user.id), ctx)
    if assistant is not None:
        if assistant.voice_seconds is None:
            raise VoiceNotTaken
        message = replace(message, voice=await keep_voice(voice, ctx, most=assistant.voice_seconds))
    await say(message, ctx)


async def not_words(message: Message, *, ctx: Context) -> None:
    """A sticker, a place; Telegram's own notes are none."""
    if message.content_type in {"pinned_message", "message_auto_delete_timer_changed", "forum_topic_created"}:
        raise SkipHandler
    await put(message, screens.plain(ctx.tr.gettext(VoiceNotTaken.message)))


async def edited(message: Message, *, ctx: Context) -> None:
    """The last message, changed, may be answered anew; it costs again, so it is asked first."""
    if message.text is None:
        raise SkipHandler
    key = f"say:{message.chat.id}:{message.message_id}"
    last = await ctx.services.chats.editable(key, user_id=ctx.user.id)
    if last is None:
        await put(message, screens.plain(ctx.tr.gettext(ONLY_THE_LAST)))
        return
    kept = UnsentMessage(
        text=message.text,
        key=f"{key}{EDIT}{message.edit_date or 0}",
        session_id=last.session_id,
        replaces=last.question_id,
    )
    await keep_unsent(ctx.fsm, kept)
    await put(message, screens.edited_screen(kept, ctx.tr))
