"""An owner changes what customers read of a model: one text after the other, in Russian and in English."""

import re
from typing import Final
from uuid import UUID

from aiogram.types import CallbackQuery, Message

from handlers.admin.context import AdminContext, PendingAction
from handlers.admin.uploads import text_screens as view
from handlers.admin.uploads.files import fetch_names
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from services.errors import ShopError
from services.models.uploads.texts import ICON, LANGUAGES, TextPart
from services.models.uploads.versions import VersionNotFound
from services.models.uploads.wording import VersionTexts

TEXT: Final = "upload.text"
_VERB: Final = re.compile("(p|g|t|x|kru|ken)([0-9]{1,4})")
RUSSIAN, ENGLISH = LANGUAGES


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the version's id, what to do and with which text."""
    number, _, rest = argument.partition(":")
    version_id, verb = keyboards.parse_id(number), _VERB.fullmatch(rest or f"{view.PAGE}0")
    if version_id is None or verb is None:
        raise VersionNotFound(version=number)
    ctx.require()
    texts, at = await ctx.services.upload_texts.of(version_id), int(verb[2])
    if verb[1] == view.PAGE or at >= len(texts.texts):
        await ctx.respond(query, view.texts_screen(texts, at, ctx.tr))
        return
    match verb[1]:
        case view.GROUP:
            await ctx.respond(query, view.group_screen(texts, at, ctx.tr))
        case view.NONE:
            given = dict.fromkeys(LANGUAGES, "")
            await ctx.services.upload_texts.change(version_id, {texts.texts[at].key: given}, actor=ctx.actor)
            await _show(query, version_id, texts.texts[at].key, ctx=ctx, notice=ctx.tr.html("✅ Saved."))
        case view.TEXT_AT:
            await _ask(query, texts, at, RUSSIAN, ctx=ctx)
        case "kru":
            await _ask(query, texts, at, ENGLISH, ctx=ctx)
        case _:
            await _show(query, version_id, texts.texts[at].key, ctx=ctx)


async def take_text(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    """After the Russian words the English ones are asked."""
    version_id, key, language = UUID(hex=action.facts["version"]), action.facts["key"], action.facts["language"]
    texts = await ctx.services.upload_texts.of(version_id)
    text = texts.text(key)
    at = list(texts.texts).index(text)
    try:
        said = message.text or "" if message.document is None else await fetch_names(message.document, ctx)
        given = said if text.is_list or text.what == ICON else {language: said}
        await ctx.services.upload_texts.change(version_id, {key: given}, actor=ctx.actor)
    except ShopError as problem:
        await _ask(message, texts, at, language, ctx=ctx, problem=ctx.tr.error_html(problem))
        return
    saved = ctx.tr.html("✅ Saved.")
    if isinstance(given, str) or language == ENGLISH:
        await _show(message, version_id, key, ctx=ctx, notice=saved)
        return
    await _ask(message, await ctx.services.upload_texts.of(version_id), at, ENGLISH, ctx=ctx, notice=saved)


async def _ask(
    event: Event,
    texts: VersionTexts,
    at: int,
    language: str,
    *,
    ctx: AdminContext,
    notice: str = "",
    problem: str = "",
) -> None:
    """`notice`, `problem`: HTML."""
    action = PendingAction.of(TEXT, version=texts.version.id.hex, key=texts.texts[at].key, language=language)
    await ctx.ask(event, view.text_question(texts, at, language, ctx.tr, notice=notice, problem=problem), action)


async def _show(event: Event, version_id: UUID, key: str, *, ctx: AdminContext, notice: str = "") -> None:
    """Where the text stands."""
    texts = await ctx.services.upload_texts.of(version_id)
    at = list(texts.texts).index(texts.text(key))
    if texts.texts[at].part is TextPart.MODEL:
        await ctx.respond(event, view.texts_screen(texts, 0, ctx.tr, notice=notice))
    else:
        await ctx.respond(event, view.group_screen(texts, at, ctx.tr, notice=notice))
