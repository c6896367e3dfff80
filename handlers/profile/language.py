"""/language: the choice names each language in itself, so that a wrong one can be left."""

from typing import Final

from aiogram import Router
from aiogram.filters import Command

from handlers.kit import buttons
from handlers.kit.commands import set_chat_commands, set_chat_menu_button
from handlers.kit.context import Context
from handlers.kit.dialog import Event, respond
from handlers.kit.filters import Pressed
from handlers.telegram.screen import Button, Screen
from i18n.translator import LANGUAGES, Translator

NAMES: Final = {"ru": "🇷🇺 Русский", "en": "🇬🇧 English"}


def router() -> Router:
    router = Router(name="language")
    router.message.register(show_languages, Command("language", ignore_case=True))
    router.callback_query.register(show_languages, Pressed(buttons.LANGUAGE))
    return router


async def show_languages(event: Event, *, ctx: Context, argument: str = "") -> None:
    """`argument`: the language chosen, or nothing."""
    if argument not in LANGUAGES:
        await ctx.respond(event, language_screen(ctx.tr))
        return
    services, reader, tr = ctx.services, ctx.user, ctx.catalogues[argument]
    await services.users.choose_language(reader.id, argument)
    await respond(event, ctx.fsm, tr, language_screen(tr))
    role = await services.admins.role_of(reader.id)
    await set_chat_commands(ctx.bot, ctx.chat_id, tr, features=services.features, role=role)
    await set_chat_menu_button(ctx.bot, ctx.chat_id, tr, services.features)


def language_screen(tr: Translator) -> Screen:
    """In the language chosen, which bears the mark."""
    choice = tuple(
        Button(
            text=("✓ " if code == tr.language else "") + NAMES[code],
            action=f"{buttons.LANGUAGE}:{code}",
        )
        for code in LANGUAGES
    )
    text = tr.html("<b>🌐 Language</b>\n\nЯзык / Language: {name}", name=NAMES[tr.language])
    return Screen(text=text, rows=(choice, (buttons.menu_button(tr),)))
