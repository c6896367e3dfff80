"""What Telegram itself shows of the bot: the commands menu and the texts of its profile, in both languages."""

from typing import Final
from urllib.parse import urlsplit

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    MenuButtonDefault,
    MenuButtonWebApp,
    WebAppInfo,
)

from db.tables.users import Role
from i18n.translator import LANGUAGES, Catalogues, Translator
from services.errors import N_
from services.features import Features

log = structlog.get_logger()

COMMANDS: Final = {
    "menu": N_("Main menu"),
    "models": N_("What can be predicted"),
    "styles": N_("Styles for your photos"),
    "chat": N_("Talk with an assistant"),
    "new": N_("A new conversation"),
    "sessions": N_("Your conversations"),
    "stop": N_("Stop the answer"),
    "balance": N_("Your credits"),
    "topup": N_("Buy credits"),
    "plans": N_("Plans: what they give and cost"),
    "subscription": N_("Your plan: what is left, how to cancel"),
    "bonus": N_("The weekly bonus"),
    "track": N_("How often forecasts came true"),
    "history": N_("Your predictions and operations"),
    "profile": N_("What the shop knows of you"),
    "language": N_("Русский / English"),
    "help": N_("How it works"),
    "terms": N_("Terms"),
    "paysupport": N_("Help with payments"),
    "privacy": N_("What is kept of you, and for how long"),
    "cancel": N_("Leave what you are filling in"),
}
LOOKING: Final = {
    "admin": N_("🛠 The shop's panel"),
    "user": N_("🛠 Find a customer"),
    "stats": N_("🛠 Statistics"),
}
RUNNING: Final = LOOKING | {
    "grant": N_("🛠 Give credits"),
    "take": N_("🛠 Take credits"),
    "ban": N_("🛠 Close the shop to somebody"),
    "unban": N_("🛠 Open it again"),
    "refund": N_("🛠 Refund a payment"),
}
OWNING: Final = RUNNING | {"role": N_("🛠 Give a role"), "papers": N_("🛠 Papers that are forecast every week")}
OF_ROLES: Final = {Role.MODERATOR: LOOKING, Role.ADMIN: RUNNING, Role.OWNER: OWNING}
MINI_APP: Final = "/mini-app"  # the path of the cabinet within Telegram
SITE_NAME: Final = "Kassandra"  # as its pages say; Telegram knows one name of the button for all languages
SHORT_ABOUT: Final = N_("Predictions from real models, paid with credits. A credit spent in vain comes back.")
ABOUT: Final = N_(
    "Kassandra sells predictions.\n\n"
    "Choose a model, answer its questions, see the price and confirm. The answer comes in words and in a picture. "
    "If a model cannot answer, the credits come back at once.\n\n"
    "Press Start."
)


async def set_commands(bot: Bot, catalogues: Catalogues, features: Features) -> None:
    """For every private chat, in English for those who read neither language. The texts of the profile are a nicety:
    failing to set them is logged only. Raises `AiogramError`."""
    scope = BotCommandScopeAllPrivateChats()
    for language in LANGUAGES:
        tr = catalogues[language]
        code = None if language == "en" else language
        await bot.set_my_commands(commands(tr, features), scope=scope, language_code=code)
        try:
            await bot.set_my_short_description(tr.gettext(SHORT_ABOUT), language_code=code)
            await bot.set_my_description(tr.gettext(ABOUT), language_code=code)
        except AiogramError as error:
            log.warning("about_not_set", language=language, error=str(error))


async def set_menu_button(bot: Bot, url: str | None) -> None:
    """Beside the input of chats that never began: the cabinet at `url`, by a name of no language. Without one a
    button of ours is taken away; an owner's own stays. Raises `AiogramError`."""
    if url is not None:
        await bot.set_chat_menu_button(menu_button=_cabinet_button(SITE_NAME, url))
        return
    now = await bot.get_chat_menu_button()
    if isinstance(now, MenuButtonWebApp) and urlsplit(now.web_app.url).path.endswith(MINI_APP):
        await bot.set_chat_menu_button(menu_button=MenuButtonDefault())


async def set_chat_menu_button(bot: Bot, chat_id: int, tr: Translator, features: Features) -> None:
    """The cabinet's button in this chat's language."""
    if features.site is None:
        return
    button = _cabinet_button(tr.gettext("Cabinet"), f"{features.site}{MINI_APP}")
    try:
        await bot.set_chat_menu_button(chat_id=chat_id, menu_button=button)
    except AiogramError as error:  # as below
        log.warning("chat_menu_button_not_set", chat_id=chat_id, error=str(error))


async def set_chat_commands(
    bot: Bot, chat_id: int, tr: Translator, *, features: Features, role: Role | None = None
) -> None:
    """The commands menu of one chat, whose person has a role or chose another language than Telegram's."""
    try:
        listed = commands(tr, features, role)
        await bot.set_my_commands(listed, scope=BotCommandScopeChat(chat_id=chat_id))
    except AiogramError as error:  # a menu in the other language is no reason to refuse
        log.warning("chat_commands_not_set", chat_id=chat_id, error=str(error))


def _cabinet_button(name: str, url: str) -> MenuButtonWebApp:
    return MenuButtonWebApp(text=name, web_app=WebAppInfo(url=url))


def commands(tr: Translator, features: Features, role: Role | None = None) -> list[BotCommand]:
    listed = offered(features) | (OF_ROLES[role] if role is not None else {})
    return [BotCommand(command=name, description=tr.gettext(text)) for name, text in listed.items()]


def offered(features: Features) -> dict[str, str]:
    """Commands with their texts; what a shop does not have it does not speak of."""
    sold = {
        "topup": features.payments,
        "paysupport": features.payments,
        "plans": features.plans,
        "subscription": features.plans,
        "styles": features.images,
        **dict.fromkeys(("chat", "new", "sessions", "stop"), features.chats),
    }
    left_out = {name for name, offered in sold.items() if not offered}
    return {name: text for name, text in COMMANDS.items() if name not in left_out}
