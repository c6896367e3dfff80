"""What Telegram itself shows of the bot: the commands menu and the texts of its profile, in both languages."""

from typing import Final

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat

from bot.i18n import LANGUAGES, Catalogues, Translator
from services.errors import N_

log = structlog.get_logger()

COMMANDS: Final = {
    "menu": N_("Main menu"),
    "models": N_("What can be predicted"),
    "balance": N_("Your credits"),
    "topup": N_("Buy credits"),
    "bonus": N_("The weekly bonus"),
    "history": N_("Your predictions and operations"),
    "profile": N_("What the shop knows of you"),
    "language": N_("Русский / English"),
    "help": N_("How it works"),
    "terms": N_("Terms"),
    "cancel": N_("Leave what you are filling in"),
}
SHORT_ABOUT: Final = N_("Predictions from real models, paid with credits. A credit spent in vain comes back.")
ABOUT: Final = N_(
    "Kassandra sells predictions.\n\n"
    "Choose a model, answer its questions, see the price and confirm. The answer comes in words and in a picture. "
    "If a model cannot answer, the credits come back at once.\n\n"
    "Press Start."
)


async def set_commands(bot: Bot, catalogues: Catalogues, *, can_top_up: bool) -> None:
    """For every private chat, in English for those who read neither language. The texts of the profile are a nicety:
    failing to set them is logged only. Raises `AiogramError`."""
    scope = BotCommandScopeAllPrivateChats()
    for language in LANGUAGES:
        tr = catalogues[language]
        code = None if language == "en" else language
        await bot.set_my_commands(commands(tr, can_top_up=can_top_up), scope=scope, language_code=code)
        try:
            await bot.set_my_short_description(tr.gettext(SHORT_ABOUT), language_code=code)
            await bot.set_my_description(tr.gettext(ABOUT), language_code=code)
        except AiogramError as error:
            log.warning("about_not_set", language=language, error=str(error))


async def set_chat_commands(bot: Bot, chat_id: int, tr: Translator, *, can_top_up: bool) -> None:
    """The commands menu of one chat, whose person chose another language than Telegram's."""
    try:
        listed = commands(tr, can_top_up=can_top_up)
        await bot.set_my_commands(listed, scope=BotCommandScopeChat(chat_id=chat_id))
    except AiogramError as error:  # a menu in the other language is no reason to refuse
        log.warning("chat_commands_not_set", chat_id=chat_id, error=str(error))


def commands(tr: Translator, *, can_top_up: bool) -> list[BotCommand]:
    listed = offered(can_top_up=can_top_up)
    return [BotCommand(command=name, description=tr.gettext(text)) for name, text in listed.items()]


def offered(*, can_top_up: bool) -> dict[str, str]:
    """Commands with their texts; a shop that takes no money does not speak of it."""
    return {name: text for name, text in COMMANDS.items() if can_top_up or name != "topup"}
