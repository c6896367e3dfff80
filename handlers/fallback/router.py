"""What nobody else handled: every message and button gets an answer, and a way on."""

from typing import Final

import structlog
from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message, Update

from handlers.fallback import screens
from handlers.form.offered import paper_input
from handlers.form.session import form_of
from handlers.kit.context import Context
from handlers.kit.conversation import UnsentMessage, keep_unsent, paused_screen
from handlers.kit.dialog import ChatQuestion, open_form, pause, put
from handlers.kit.filters import AnyCommand
from handlers.kit.notices import notice_screen, plain_screen
from handlers.menu.screens import greeting, menu_screen
from handlers.telegram import sender
from handlers.telegram.screen import Screen
from i18n.titles import title_of
from i18n.translator import Html
from services.market.prices import Instrument
from services.market.spelling import code, is_isin
from services.models.search import named_in

log = structlog.get_logger()

KINDS: Final = {
    "sticker": "sticker",
    "voice": "voice",
    "audio": "voice",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "story": "video",
    "photo": "photo",
    "document": "document",
    "location": "location",
    "venue": "location",
    "contact": "contact",
    "dice": "dice",
    "poll": "poll",
    "game": "other",
    "paid_media": "other",
    "checklist": "other",
    "unknown": "other",
}
"""What is answered, by aiogram's content type; the rest are Telegram's own notes, such as a pinned message."""
SUGGESTED = 4
ALBUM_SECONDS = 3600.0


def commands_router() -> Router:
    """Unknown commands, before what is typed is taken for an answer."""
    router = Router(name="unknown_commands")
    router.message.register(unknown_command, AnyCommand())
    return router


def router() -> Router:
    """Everything else; the last router."""
    router = Router(name="fallback")
    router.message.register(unexpected, FirstOfAlbum())
    router.edited_message.register(edited)
    router.callback_query.register(out_of_date)
    return router


class FirstOfAlbum(Filter):
    """An album is many messages at once; one answer is enough, to the first of them. That one may come again."""

    async def __call__(self, message: Message, ctx: Context, event_update: Update) -> bool:
        album = message.media_group_id
        if album is None:
            return True
        key, first = f"album:{message.chat.id}:{album}", str(event_update.update_id)
        return await ctx.services.coordination.claim(key, first, seconds=ALBUM_SECONDS)


async def unknown_command(message: Message, *, name: str, ctx: Context) -> None:
    await ctx.respond(message, notice_screen(screens.unknown_command_text(name, ctx.tr), ctx.tr))


async def unexpected(message: Message, *, ctx: Context) -> None:
    if message.text is not None:
        await _unknown_text(message, message.text, ctx)
        return
    kind = KINDS.get(message.content_type)
    if kind is None:
        raise SkipHandler
    if await ctx.fsm.get_state() is not None:
        await ctx.respond(message, notice_screen(ctx.tr.html(screens.CONTENT_IN_FORM), ctx.tr))
    else:
        await put(message, await _menu(ctx.tr.html(screens.CONTENT[kind]), ctx))


async def _unknown_text(message: Message, text: str, ctx: Context) -> None:
    tr = ctx.tr
    if ctx.user.is_new:
        await put(message, menu_screen(ctx.viewer, above=greeting(ctx.viewer)))
    elif (talk := await ctx.open_talk()) is not None and talk.title is not None:
        kept = UnsentMessage(text=text, key=f"say:{message.chat.id}:{message.message_id}", session_id=talk.id)
        await keep_unsent(ctx.fsm, kept)
        await ctx.respond(message, paused_screen(kept, talk.title, tr))
    elif offered := await _of_paper(text, ctx):
        await ctx.respond(message, screens.paper_screen(*offered, tr))
    elif screens.looks_like_numbers(text):
        await ctx.respond(message, notice_screen(tr.html(screens.NUMBERS), tr))
    elif found := named_in(text, await ctx.services.models.offers()):
        named = [(offer.slug, str(title_of(offer, tr))) for offer in found[:SUGGESTED]]
        await ctx.respond(message, screens.suggestions_screen(named, tr))
    else:
        await put(message, await _menu(tr.html(screens.TEXT), ctx))


async def _of_paper(text: str, ctx: Context) -> tuple[Instrument, list[tuple[str, str]]] | None:
    """What a bare ticker means, and slug and title of the models that forecast it."""
    offers = await ctx.services.models.offers()
    if (screens.looks_like_numbers(text) and not is_isin(code(text) or "")) or named_in(text, offers):
        return None
    paper, able = None, list[tuple[str, str]]()
    for offer in offers:
        field = paper_input(form_of(offer).fields)
        found = None if field is None else await ctx.services.live_answers.exact(field, text)
        if found is not None:
            paper = paper or found
            able.append((offer.slug, str(title_of(offer, ctx.tr))))
    return None if paper is None else (paper, able[:SUGGESTED])


async def edited(message: Message, *, ctx: Context) -> None:
    """The first text was taken already. Live locations edit themselves every few seconds: no answer to those."""
    if message.text is None and message.caption is None:
        return
    form = await open_form(ctx.fsm)
    sentence = ctx.tr.html(screens.EDITED if form is None else screens.EDITED_IN_FORM)
    if await ChatQuestion.asked(ctx.fsm) is not None:  # still asked: nothing is left or paused
        await put(message, plain_screen(sentence))
        return
    await ctx.respond(message, notice_screen(sentence, ctx.tr))


async def out_of_date(query: CallbackQuery, *, ctx: Context) -> None:
    """The old message stays as it is: it may be worth reading."""
    log.info("stale_button", data=(query.data or "")[:64])
    await pause(ctx.fsm)
    await sender.acknowledge(query, ctx.tr.gettext(screens.OUT_OF_DATE), alert=True)
    above = greeting(ctx.viewer) if ctx.user.is_new else Html()
    await sender.send(ctx.bot, query.from_user.id, await _menu(above, ctx))


async def _menu(above: Html, ctx: Context) -> Screen:
    return menu_screen(ctx.viewer, above=above, paused=await ctx.open_form_title())
