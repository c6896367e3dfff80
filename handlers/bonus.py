"""/bonus."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import Message

from bot.i18n import Translator
from bot.views.bonus import bonus_screen
from handlers.dialog import respond
from services.bonuses import Bonuses
from services.users import UserView


def router() -> Router:
    router = Router(name="bonus")
    router.message.register(show_bonus, Command("bonus", ignore_case=True))
    return router


async def show_bonus(message: Message, *, user: UserView, tr: Translator, state: FSMContext, bonuses: Bonuses) -> None:
    last = await bonuses.last(user.id)
    await respond(message, state, tr, bonus_screen(bonuses.terms, bonuses.next_date(), last, user, tr))
