"""/models and the page of a model."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event, respond
from handlers.kit.filters import Pressed
from handlers.models.screens import model_screen, models_screen
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.models.offers import Models
from services.users.accounts import UserView


def router() -> Router:
    router = Router(name="models")
    router.message.register(show_models, Command("models", ignore_case=True))
    router.callback_query.register(show_models, Pressed(keyboards.MODELS))
    router.callback_query.register(show_model, Pressed(keyboards.MODEL))
    return router


async def show_models(event: Event, *, tr: Translator, state: FSMContext, models: Models, argument: str = "") -> None:
    """`argument`: the page, as a button names it."""
    screen = models_screen(await models.offers(), tr, keyboards.parse_page(argument))
    await respond(event, state, tr, screen)


async def show_model(
    query: CallbackQuery,
    *,
    argument: str,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    can_top_up: bool,
) -> None:
    await respond(query, state, tr, await model_page(argument, user=user, tr=tr, models=models, can_top_up=can_top_up))


async def model_page(slug: str, *, user: UserView, tr: Translator, models: Models, can_top_up: bool) -> Screen:
    """The page of a model or a preset. Raises `ModelNotOnSale`."""
    return model_screen(await models.offer(slug), user, tr, can_top_up=can_top_up)
