"""Who runs the shop: owners give roles and take them away."""

from collections.abc import Sequence
from functools import partial

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction, StaffOnly
from handlers.admin.roles import screens as view
from handlers.kit import buttons as keyboards
from handlers.kit.commands import set_chat_commands
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from i18n.people import name_of
from i18n.translator import Html
from services.billing.ledger import UnknownUser
from services.errors import ShopError
from services.users.roles import AdminView, parse_role
from services.users.search import UserLine

WHO = "role.who"


def router() -> Router:
    router = Router(name="admin_roles")
    router.callback_query.register(show_roles, Pressed(names.ROLES), StaffOnly())
    router.callback_query.register(press, Pressed(names.ROLE), StaffOnly())
    return router


async def show_roles(event: Event, *, ctx: AdminContext, argument: str = "") -> None:
    """`argument`: the page, or that somebody shall get a role."""
    if argument == names.NEW:
        ctx.require(Role.OWNER)
        await ctx.ask(event, view.who_question(ctx.tr), PendingAction.of(WHO))
        return
    page = keyboards.parse_page(argument)
    await _respond(event, await ctx.services.admins.all(), ctx=ctx, page=page)


async def take_who(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    try:
        telegram_id = await ctx.services.user_management.telegram_id_of(message.text or "")
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.who_question, ctx.tr), problem)
        return
    await _show_choice(message, telegram_id, ctx=ctx)


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: a Telegram id, and the role it shall have."""
    number, _, word = argument.partition(":")
    ctx.require(Role.OWNER)
    telegram_id = keyboards.parse_telegram_id(number)
    if telegram_id is None:
        raise UnknownUser(telegram_id=number[:32])
    try:
        role = parse_role(word)
    except ValueError:
        await _show_choice(query, telegram_id, ctx=ctx)
        return
    await appoint(query, telegram_id, role, ctx=ctx)


async def appoint(event: Event, telegram_id: int, role: Role | None, *, ctx: AdminContext) -> None:
    """Raises `NotAllowed`, `OwnRole`, `OwnersAreSettled`."""
    await ctx.services.admins.appoint(telegram_id, role, actor=ctx.actor)
    card = await _known(telegram_id, ctx=ctx)
    name = ctx.tr.html("Telegram <code>{id}</code>", id=telegram_id) if card is None else name_of(card, ctx.tr)
    admins, notice = await ctx.services.admins.all(), view.changed_notice(name, role, ctx.tr)
    page = view.page_with(telegram_id, admins)
    await _respond(event, admins, ctx=ctx, notice=notice, page=page)
    person = await ctx.services.users.find(telegram_id)
    if person is not None:
        tr, features = ctx.catalogues[person.language], ctx.services.features
        await set_chat_commands(ctx.bot, telegram_id, tr, features=features, role=role)


async def _show_choice(event: Event, telegram_id: int, *, ctx: AdminContext) -> None:
    person = await _known(telegram_id, ctx=ctx)
    role = await ctx.services.admins.role_by_telegram(telegram_id)
    await ctx.respond(event, view.role_screen(person, telegram_id, ctx.tr, role=role))


async def _known(telegram_id: int, *, ctx: AdminContext) -> UserLine | None:
    """Somebody who was here, with or without a role."""
    found = await ctx.services.user_management.search(str(telegram_id))
    return found[0] if found else None


async def _respond(
    event: Event, admins: Sequence[AdminView], *, ctx: AdminContext, page: int, notice: Html | str = ""
) -> None:
    givers = await ctx.services.user_management.lines(each.granted_by for each in admins if each.granted_by is not None)
    await ctx.respond(event, view.roles_screen(admins, givers, ctx.tr, role=ctx.role, notice=notice, page=page))
