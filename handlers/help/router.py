"""/help, /terms and /language."""

from aiogram import Bot, Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext

from handlers.help.screens import contact_of, help_screen, terms_screen
from handlers.kit import buttons as keyboards
from handlers.kit.commands import set_chat_commands
from handlers.kit.dialog import Event, respond
from handlers.kit.filters import Pressed
from handlers.profile.language import language_screen
from i18n.translator import LANGUAGES, Catalogues, Html, Translator
from services.users.accounts import Users, UserView
from services.users.roles import Admins


def router() -> Router:
    router = Router(name="help")
    router.message.register(show_help, Command("help", ignore_case=True))
    router.callback_query.register(show_help, Pressed(keyboards.HELP))
    router.message.register(show_terms, Command("terms", ignore_case=True))
    router.callback_query.register(show_terms, Pressed(keyboards.TERMS))
    router.message.register(show_languages, Command("language", ignore_case=True))
    router.callback_query.register(show_languages, Pressed(keyboards.LANGUAGE))
    return router


async def show_help(
    event: Event, *, tr: Translator, state: FSMContext, users: Users, owner_ids: tuple[int, ...], can_top_up: bool
) -> None:
    contact = await _contact(users, owner_ids, tr)
    await respond(event, state, tr, help_screen(tr, contact, can_top_up=can_top_up))


async def show_terms(
    event: Event, *, tr: Translator, state: FSMContext, users: Users, owner_ids: tuple[int, ...]
) -> None:
    await respond(event, state, tr, terms_screen(tr, await _contact(users, owner_ids, tr)))


async def show_languages(
    event: Event,
    *,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    users: Users,
    catalogues: Catalogues,
    bot: Bot,
    can_top_up: bool,
    admins: Admins,
    argument: str = "",
) -> None:
    """`argument`: the language chosen, or nothing."""
    if argument in LANGUAGES:
        await users.choose_language(user.id, argument)
        tr = catalogues[argument]
    await respond(event, state, tr, language_screen(tr))
    if argument in LANGUAGES:
        role = await admins.role_of(user.telegram_id)
        await set_chat_commands(bot, user.telegram_id, tr, can_top_up=can_top_up, role=role)


async def _contact(users: Users, owner_ids: tuple[int, ...], tr: Translator) -> Html:
    """The first owner; a link to one who has never been here would lead nowhere."""
    if not owner_ids:
        return contact_of(tr, telegram_id=None, username=None)
    owner = await users.find(owner_ids[0])
    if owner is None:
        return contact_of(tr, telegram_id=None, username=None)
    return contact_of(tr, telegram_id=owner.telegram_id, username=owner.username)
