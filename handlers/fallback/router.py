"""What nobody else handled: every message and button gets an answer, and a way on."""

from collections import OrderedDict
from typing import Final

import structlog
from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Filter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from handlers.fallback import screens as view
from handlers.kit.dialog import QUESTIONS, open_form, open_form_title, pause, put, respond
from handlers.kit.filters import AnyCommand
from handlers.menu.screens import greeting, menu_screen
from handlers.telegram import sender as chat
from i18n.translator import Html, Translator
from services.models.offers import Models, Offer
from services.users.accounts import UserView

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
ALBUMS = 1_000


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
    """An album is many messages at once; one answer is enough."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, message: Message) -> bool:
        album = message.media_group_id
        if album is None:
            return True
        first = album not in self._seen
        self._seen[album] = None
        if len(self._seen) > ALBUMS:
            self._seen.popitem(last=False)
        return first


async def unknown_command(message: Message, *, name: str, tr: Translator, state: FSMContext) -> None:
    await respond(message, state, tr, view.notice_screen(view.unknown_command_text(tr, name), tr))


async def unexpected(
    message: Message, *, user: UserView, tr: Translator, state: FSMContext, models: Models, can_top_up: bool
) -> None:
    if message.text is not None:
        await _unknown_text(
            message, text=message.text, user=user, tr=tr, state=state, models=models, can_top_up=can_top_up
        )
        return
    kind = KINDS.get(message.content_type)
    if kind is None:
        raise SkipHandler
    if await state.get_state() is not None:
        await respond(message, state, tr, view.notice_screen(tr.html(view.CONTENT_IN_FORM), tr))
    else:
        title = await open_form_title(state, models, tr)
        await put(
            message, menu_screen(user, tr, can_top_up=can_top_up, above=tr.html(view.CONTENT[kind]), paused=title)
        )


async def _unknown_text(
    message: Message, *, text: str, user: UserView, tr: Translator, state: FSMContext, models: Models, can_top_up: bool
) -> None:
    title = await open_form_title(state, models, tr)
    if user.is_new:
        await put(message, menu_screen(user, tr, can_top_up=can_top_up, above=greeting(user, tr)))
    elif view.looks_like_numbers(text):
        await respond(message, state, tr, view.notice_screen(tr.html(view.NUMBERS), tr))
    elif found := _meant(text, await models.offers()):
        named = [(offer.slug, _label(offer, tr)) for offer in found[:SUGGESTED]]
        await respond(message, state, tr, view.suggestions_screen(tr, named))
    else:
        await put(message, menu_screen(user, tr, can_top_up=can_top_up, above=tr.html(view.TEXT), paused=title))


async def edited(message: Message, *, tr: Translator, state: FSMContext) -> None:
    """The first text was taken already. Live locations edit themselves every few seconds: no answer to those."""
    if message.text is None and message.caption is None:
        return
    form = await open_form(state)
    sentence = tr.html(view.EDITED if form is None else view.EDITED_IN_FORM)
    asked = await state.get_state()
    if any(asked in group.__state_names__ for group in QUESTIONS):  # still asked: nothing is left or paused
        assert message.bot is not None
        await chat.send(message.bot, message.chat.id, view.plain_screen(sentence))
        return
    await respond(message, state, tr, view.notice_screen(sentence, tr))


async def out_of_date(
    query: CallbackQuery, *, user: UserView, tr: Translator, state: FSMContext, models: Models, can_top_up: bool
) -> None:
    """The old message stays as it is: it may be worth reading."""
    log.info("stale_button", data=(query.data or "")[:64])
    await pause(state)
    await chat.acknowledge(query, tr.gettext(view.OUT_OF_DATE), alert=True)
    assert query.bot is not None
    above = greeting(user, tr) if user.is_new else Html()
    screen = menu_screen(user, tr, can_top_up=can_top_up, above=above, paused=await open_form_title(state, models, tr))
    await chat.send(query.bot, query.from_user.id, screen)


def _meant(text: str, offers: list[Offer]) -> list[Offer]:
    """Offers whose title shares a word with the text, in any language and grammatical case."""
    words = _words(text)
    return [offer for offer in offers if any(_alike(a, b) for a in words for b in _words(_titles(offer)))]


def _titles(offer: Offer) -> str:
    titles = offer.manifest.title.root if offer.title is None else offer.title
    return " ".join([offer.slug.replace("-", " "), *map(str, titles.values())])


def _words(text: str) -> set[str]:
    letters = "".join(c if c.isalnum() else " " for c in text[:200].casefold())
    return {word for word in letters.split() if len(word) > 3}


def _alike(one: str, other: str) -> bool:
    """The same but for an ending."""
    shared = min(len(one), len(other)) - 1
    return one[:shared] == other[:shared] and abs(len(one) - len(other)) < 4


def _label(offer: Offer, tr: Translator) -> str:
    title = tr.pick(offer.manifest.title if offer.title is None else offer.title)
    return f"{offer.icon or offer.manifest.icon} {title}"
