"""Who runs the shop: owners give roles and take them away."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.context import Matter, Office, OnDuty
from handlers.admin.roles import screens as view
from handlers.admin.widgets import name_of
from handlers.kit import buttons as keyboards
from handlers.kit.commands import set_chat_commands
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from services.billing.ledger import UnknownUser
from services.digits import whole_number
from services.errors import ShopError
from services.users.roles import APPOINTED
from services.users.search import UserLine

WHO = "role.who"


def router() -> Router:
    router = Router(name="admin_roles")
    router.callback_query.register(show_roles, Pressed(names.ROLES), OnDuty())
    router.callback_query.register(press, Pressed(names.ROLE), OnDuty())
    return router


async def show_roles(event: Event, *, office: Office, argument: str = "") -> None:
    """`argument`: the page, or that somebody shall get a role."""
    if argument == names.NEW:
        office.require(Role.OWNER)
        await office.ask(event, view.who_question(office.tr), Matter.of(WHO))
        return
    page = keyboards.parse_page(argument)
    await office.show(event, view.roles_screen(await office.admins.all(), office.tr, role=office.role, page=page))


async def take_who(message: Message, *, office: Office, matter: Matter) -> None:
    try:
        telegram_id = await whom(message.text or "", office=office)
    except ShopError as problem:
        shown = office.tr.error_html(problem)
        await office.ask(message, view.who_question(office.tr, problem=shown), matter)
        return
    await _show_choice(message, telegram_id, office=office)


async def whom(text: str, *, office: Office) -> int:
    """A Telegram id; of one who was never here it is taken at its word. Raises `NobodyFound`, `SeveralFound`."""
    typed = text.strip()
    return whole_number(typed, most=keyboards.MAX_TELEGRAM_ID) or (await office.admin_users.find(typed)).telegram_id


async def press(query: CallbackQuery, *, argument: str, office: Office) -> None:
    """`argument`: a Telegram id, and the role it shall have."""
    number, _, word = argument.partition(":")
    office.require(Role.OWNER)
    telegram_id = keyboards.parse_telegram_id(number)
    if telegram_id is None:
        raise UnknownUser(telegram_id=number[:32])
    role = next((each for each in APPOINTED if each == word), None)
    if role is None and word != names.NOBODY:
        await _show_choice(query, telegram_id, office=office)
        return
    await appoint(query, telegram_id, role, office=office)


async def appoint(event: Event, telegram_id: int, role: Role | None, *, office: Office) -> None:
    """Raises `NotAllowed`, `OwnRole`, `OwnersAreSettled`."""
    await office.admins.appoint(telegram_id, role, actor=office.actor)
    card = await _known(telegram_id, office=office)
    name = office.tr.html("Telegram <code>{id}</code>", id=telegram_id) if card is None else name_of(card, office.tr)
    admins, notice = await office.admins.all(), view.changed_notice(name, role, office.tr)
    page = view.page_of(telegram_id, admins)
    await office.show(event, view.roles_screen(admins, office.tr, role=office.role, notice=notice, page=page))
    person = await office.users.find(telegram_id)
    if person is not None:
        assert event.bot is not None
        tr = office.catalogues[person.language]
        await set_chat_commands(event.bot, telegram_id, tr, features=office.features, role=role)


async def _show_choice(event: Event, telegram_id: int, *, office: Office) -> None:
    person = await _known(telegram_id, office=office)
    role = await office.admins.role_of(telegram_id)
    await office.show(event, view.role_screen(person, telegram_id, office.tr, role=role))


async def _known(telegram_id: int, *, office: Office) -> UserLine | None:
    """Somebody who was here, with or without a role."""
    found = await office.admin_users.search(str(telegram_id))
    return found[0] if found else None
