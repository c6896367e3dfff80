"""/balance and /history."""

from functools import partial

from aiogram import Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext

from handlers.balance.screens import balance_screen
from handlers.history.screens import OPERATIONS, operations_screen, predictions_screen
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event, respond
from handlers.kit.filters import Pressed
from handlers.kit.titles import model_title, titled
from i18n.translator import Translator
from services.billing.statement import Statement
from services.models.offers import Models
from services.predictions.history import History, HistoryPage, PredictionView
from services.users.accounts import UserView

LAST = 5  # operations under the balance


def router() -> Router:
    router = Router(name="account")
    router.message.register(show_balance, Command("balance", ignore_case=True))
    router.callback_query.register(show_balance, Pressed(keyboards.BALANCE))
    router.message.register(show_history, Command("history", ignore_case=True))
    router.callback_query.register(show_history, Pressed(keyboards.HISTORY))
    return router


async def show_balance(
    event: Event,
    *,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    statement: Statement,
    models: Models,
    can_top_up: bool,
) -> None:
    last, expiring = await statement.overview(user.id, LAST)
    titles = partial(titled, models=models, tr=tr)
    await respond(event, state, tr, balance_screen(user, expiring, last, titles, tr, can_top_up=can_top_up))


async def show_history(
    event: Event,
    *,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    history: History,
    statement: Statement,
    models: Models,
    argument: str = "",
) -> None:
    """`argument`: `<tab>:<page>`, as a button names it."""
    tab, _, number = argument.partition(":")
    page = keyboards.parse_page(number)
    if tab == OPERATIONS:
        titles = partial(titled, models=models, tr=tr)
        screen = operations_screen(await statement.page(user.id, page), titles, tr)
    else:
        bought = await history.page(user.id, page)
        presets = await _presets(bought, models, tr)

        def title_of(view: PredictionView) -> str:
            return presets.get(view.preset_id) or model_title(view.model_slug, models, tr)

        screen = predictions_screen(bought, title_of, tr)
    await respond(event, state, tr, screen)


async def _presets(page: HistoryPage, models: Models, tr: Translator) -> dict[int | None, str]:
    """Titles of presets, where the page has any."""
    if all(view.preset_id is None for view in page.items):
        return {}
    return {offer.preset_id: tr.pick(offer.title) for offer in await models.offers() if offer.title is not None}
