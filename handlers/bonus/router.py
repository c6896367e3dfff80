"""/bonus, and whether its letters come."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from handlers.bonus.screens import bonus_screen
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event, respond
from handlers.kit.filters import Pressed
from i18n.translator import Translator
from services.bonuses import Bonuses
from services.users.accounts import Users, UserView


def router() -> Router:
    router = Router(name="bonus")
    router.message.register(show_bonus, Command("bonus", ignore_case=True))
    router.callback_query.register(press, Pressed(keyboards.BONUS))
    return router


async def show_bonus(event: Event, *, user: UserView, tr: Translator, state: FSMContext, bonuses: Bonuses) -> None:
    last = await bonuses.last(user.id)
    await respond(event, state, tr, bonus_screen(bonuses.terms, bonuses.next_date(), last, user, tr))


async def press(
    query: CallbackQuery,
    *,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    bonuses: Bonuses,
    users: Users,
    argument: str,
) -> None:
    """`argument`: on or off. Without a sense it shows what there is."""
    if argument in ("on", "off"):
        await users.mute_bonus(user.id, muted=argument == "off")
        user = await users.get(user.id)
    await show_bonus(query, user=user, tr=tr, state=state, bonuses=bonuses)
