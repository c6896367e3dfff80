"""/menu, /cancel and the button home."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import Message

from handlers.fallback import screens as fallback
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import AdminQuestion, Event, TopUpQuestion, leave_question, open_form_title, pause, put
from handlers.kit.filters import Pressed
from handlers.menu.screens import menu_screen
from i18n.translator import Translator
from services.models.offers import Models
from services.users.accounts import UserView

LEFT = {TopUpQuestion: fallback.TOPUP_LEFT, AdminQuestion: fallback.ADMIN_LEFT}


def router() -> Router:
    router = Router(name="menu")
    router.message.register(show_menu, Command("menu", ignore_case=True))
    router.message.register(cancel, Command("cancel", ignore_case=True))
    router.callback_query.register(show_menu, Pressed(keyboards.MENU))
    return router


async def show_menu(
    event: Event, *, user: UserView, tr: Translator, state: FSMContext, models: Models, can_top_up: bool
) -> None:
    """A form is paused: the menu offers to continue it."""
    await pause(state)
    await put(event, menu_screen(user, tr, can_top_up=can_top_up, paused=await open_form_title(state, models, tr)))


async def cancel(
    message: Message, *, user: UserView, tr: Translator, state: FSMContext, models: Models, can_top_up: bool
) -> None:
    """Leave what is asked now: a question of the profile or the till before the form that it interrupted."""
    title = await open_form_title(state, models, tr)
    if (asked := await leave_question(state)) is not None:
        left = LEFT.get(asked, fallback.QUESTION_LEFT)
        await put(message, menu_screen(user, tr, can_top_up=can_top_up, above=tr.html(left), paused=title))
        return
    await state.clear()
    above = tr.html(fallback.NOTHING_TO_CANCEL) if title is None else fallback.form_left(tr, title)
    await put(message, menu_screen(user, tr, can_top_up=can_top_up, above=above))
