"""Finding customers, and what the buttons of their cards do."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction, StaffOnly
from handlers.admin.users import change_screens as words
from handlers.admin.users import changes
from handlers.admin.users.card import show_card
from handlers.admin.users.screens import find_question, found_screen
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from services.billing.ledger import UnknownUser
from services.users.search import NobodyFound

FIND = "user.find"


def router() -> Router:
    router = Router(name="admin_users")
    router.callback_query.register(ask_whom, Pressed(names.USERS), StaffOnly())
    router.callback_query.register(press, Pressed(names.USER), StaffOnly())
    return router


async def ask_whom(event: Event, *, ctx: AdminContext, problem: str = "") -> None:
    """`problem`: HTML."""
    await ctx.ask(event, find_question(ctx.tr, problem=problem), PendingAction.of(FIND))


async def find(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    """The answer to whom to find."""
    await look_for(message, message.text or "", ctx=ctx)


async def look_for(message: Message, text: str, *, ctx: AdminContext) -> None:
    found = await ctx.services.user_management.search(text)
    if not found:
        await ask_whom(message, ctx=ctx, problem=ctx.tr.error_html(NobodyFound(text=text[:64])))
    elif len(found) > 1:
        await ctx.respond(message, found_screen(found, ctx.tr))
    else:
        await show_card(message, found[0].id, ctx=ctx)


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the user's id and what to do. Without a sense it shows the card."""
    number, _, verb = argument.partition(":")
    user_id = keyboards.parse_number(number)
    if user_id is None:
        raise UnknownUser(user_id=number[:32])
    match verb:
        case names.GIVE | names.TAKE:
            await changes.ask_amount(query, user_id, ctx=ctx, give=verb == names.GIVE)
        case names.WRITE:
            await changes.ask_letter(query, user_id, ctx=ctx)
        case names.OFF:
            ctx.require()
            action = PendingAction.of(changes.DISABLE, user=user_id)
            card = await ctx.services.user_management.card(user_id)
            await ctx.propose(query, words.disable_confirmation(card, action.nonce, ctx.tr), action)
        case names.FACTOR:
            ctx.require(Role.OWNER)
            action = PendingAction.of(changes.FACTOR, user=user_id)
            card = await ctx.services.user_management.card(user_id)
            await ctx.propose(query, words.factor_confirmation(card, action.nonce, ctx.tr), action)
        case names.ON:
            await changes.let_in(query, user_id, ctx=ctx, allowed=True)
        case _:
            await show_card(query, user_id, ctx=ctx)
