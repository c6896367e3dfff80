"""Buttons of what was written and not sent."""

from dataclasses import replace

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.chats import screens
from handlers.chats.talk import UserMessage, begin, choose, partner_of, say
from handlers.kit.context import Context
from handlers.kit.conversation import CHAT_SEND, UnsentMessage, unsent
from handlers.kit.filters import Pressed
from handlers.telegram import sender
from services.errors import N_

ALREADY_SENT = N_("It was sent already.")
NOT_KEPT = N_("This was not kept. Please write it once more.")


def router() -> Router:
    router = Router(name="chats_kept")
    router.callback_query.register(send_kept, Pressed(CHAT_SEND))
    router.callback_query.register(send_afresh, Pressed(screens.AFRESH))
    return router


async def send_kept(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """To the conversation that it was written to. `argument`: its key."""
    if (kept := await _kept(query, argument, ctx)) is None:
        return
    session = await ctx.services.chat_sessions.active(ctx.user.id)
    if session is None or session.id != kept.session_id:
        await ctx.services.chat_sessions.resume(kept.session_id, user_id=ctx.user.id)
    await sender.acknowledge(query)
    if kept.replaces is not None and query.message is not None:  # the question about the edited message is answered
        await sender.strip_buttons(ctx.bot, ctx.chat_id, query.message.message_id)
    await say(replace(_said(kept), replaces=kept.replaces), ctx)


async def send_afresh(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """To a new conversation with the same assistant, where nothing before it costs anything."""
    if (kept := await _kept(query, argument, ctx)) is None:
        return
    session = await ctx.services.chat_sessions.get(kept.session_id, user_id=ctx.user.id)
    if (assistant := await partner_of(session, ctx)) is None:
        await choose(query, ctx)
        return
    await begin(assistant, ctx)
    await sender.acknowledge(query)
    await say(_said(kept), ctx)


def _said(kept: UnsentMessage) -> UserMessage:
    return UserMessage(text=kept.text, key=kept.key, pictures=kept.pictures, voice=kept.voice)


async def _kept(query: CallbackQuery, key: str, ctx: Context) -> UnsentMessage | None:
    """Where it is kept no more, that is told."""
    kept = next((each for each in await unsent(ctx.fsm) if each.key == key), None)
    if kept is None:
        sent = await ctx.services.chats.is_sent(key, user_id=ctx.user.id)
        await sender.acknowledge(query, ctx.tr.gettext(ALREADY_SENT if sent else NOT_KEPT), alert=not sent)
    return kept
