"""A prediction that was bought: opened from the history, bought again, bought with another answer."""

from uuid import UUID

from aiogram import Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery

from handlers.form.flow import press
from handlers.form.session import begin, keep, screen_of
from handlers.form.state import Action, Form, Turn
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import respond, show_below
from handlers.kit.filters import Pressed
from handlers.kit.form_state import Place
from handlers.predictions.enclosures import enclosed
from handlers.predictions.screens import AGAIN, CHANGE, ENCLOSED, enclosures_of, prediction_screen
from handlers.telegram import sender as chat
from i18n.translator import Translator
from services.models.offers import Models, Offer
from services.predictions.history import History, PredictionNotFound, PredictionView
from services.users.accounts import UserView


def router() -> Router:
    router = Router(name="results")
    router.callback_query.register(show_prediction, Pressed(keyboards.PREDICTION))
    router.callback_query.register(again, Pressed(AGAIN))
    router.callback_query.register(change, Pressed(CHANGE))
    router.callback_query.register(show_enclosed, Pressed(ENCLOSED))
    return router


async def show_prediction(
    query: CallbackQuery,
    *,
    argument: str,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    history: History,
) -> None:
    """`argument`: its hex id and the page of the history to go back to."""
    hex_id, _, page = argument.partition(":")
    view = await _find(hex_id, user, history)
    screen = await prediction_screen(view, models, history, tr, balance=user.balance, page=keyboards.parse_page(page))
    await respond(query, state, tr, screen)


async def show_enclosed(
    query: CallbackQuery, *, argument: str, user: UserView, tr: Translator, models: Models, history: History
) -> None:
    """What came below the answer, below once more."""
    assert query.bot is not None
    view = await _find(argument, user, history)
    found = [await enclosed(view, what, models, history, tr) for what in enclosures_of(view)]
    for screens in found:
        await chat.send_album(query.bot, query.from_user.id, screens)
    await chat.acknowledge(query, None if any(found) else tr.gettext("The answer itself shows it all."))


async def again(
    query: CallbackQuery,
    *,
    argument: str,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    history: History,
    can_top_up: bool,
) -> None:
    """The summary of a new form with the same answers, at today's price."""
    form, turn = await _repeat(argument, user, models, history)
    await _open(query, form, turn, user=user, tr=tr, fsm=state, can_top_up=can_top_up)


async def change(
    query: CallbackQuery,
    *,
    argument: str,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    history: History,
    can_top_up: bool,
) -> None:
    """The same, at the choice of the answer to change; a form of one question asks it at once."""
    form, turn = await _repeat(argument, user, models, history)
    if turn.state.asked is None and form.fields:
        verb = "e" if len(form.fields) == 1 else "l"
        turn = press(form, turn.state, Action(nonce=turn.state.nonce, where=Place.SUMMARY.value, verb=verb))
    await _open(query, form, turn, user=user, tr=tr, fsm=state, can_top_up=can_top_up)


async def _repeat(hex_id: str, user: UserView, models: Models, history: History) -> tuple[Form, Turn]:
    view = await _find(hex_id, user, history)
    return begin(await _offer(view, models), view.inputs)


async def _open(
    query: CallbackQuery, form: Form, turn: Turn, *, user: UserView, tr: Translator, fsm: FSMContext, can_top_up: bool
) -> None:
    """Below the answer, which stays."""
    await chat.acknowledge(query)
    await keep(
        fsm, form, turn, await show_below(query, screen_of(form, turn, user, tr, can_top_up=can_top_up), old=None)
    )


async def _find(hex_id: str, user: UserView, history: History) -> PredictionView:
    prediction_id: UUID | None = keyboards.parse_id(hex_id)
    if prediction_id is None:
        raise PredictionNotFound(prediction_id=hex_id)
    return await history.get(prediction_id, user_id=user.id)


async def _offer(view: PredictionView, models: Models) -> Offer:
    """The preset that it was bought as, while that is sold; else the model itself."""
    for offer in await models.offers():
        if view.preset_id is not None and offer.preset_id == view.preset_id:
            return offer
    return await models.offer(view.model_slug)
