"""The form: typed answers, pictures, files and buttons, up to the summary. Paying is `handlers.form.purchase`."""

import asyncio

from aiogram import Bot, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Filter, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from handlers.form.flow import answer, press, resume
from handlers.form.purchase import Purchase
from handlers.form.session import PAID, Desk, FormDialog, begin, keep, screen_of
from handlers.form.state import Action, Outcome, Turn
from handlers.form.uploads import take_column, take_document, take_photo
from handlers.kit import buttons as keyboards
from handlers.kit.context import Context, Viewer
from handlers.kit.dialog import pause, put, show_below, show_in_place
from handlers.kit.filters import Pressed
from handlers.kit.notices import form_left, notice_screen
from handlers.kit.titles import title_of
from handlers.menu.screens import menu_screen
from handlers.models.screens import BEGIN, model_screen
from handlers.predictions.router import router as results_router
from handlers.telegram import sender as chat
from handlers.telegram.messages import Messages
from i18n.translator import Translator
from services import charts
from services.errors import N_
from services.files import Files
from services.models.offers import ModelNotOnSale, Models
from services.predictions.history import History
from services.predictions.submit import Submit
from services.users.accounts import UserView
from services.values.intake import Intake

ANSWERED = N_("This question is answered already.")
ORDERED = N_("It is ordered already.")
NO_FORM = N_("There is no form to continue. Choose a model:")


class Answer(Filter):
    """What may answer a question; the rest is told so by the fallback."""

    async def __call__(self, message: Message) -> bool:
        return bool(message.text or message.photo or message.document)


def router() -> Router:
    router = Router(name="form")
    router.callback_query.register(pressed, Pressed("f"))
    router.callback_query.register(begin_form, Pressed(BEGIN))
    router.callback_query.register(continue_form, Pressed(keyboards.CONTINUE))
    router.message.register(answered, StateFilter(FormDialog.answering), Answer())
    router.include_router(results_router())
    return router


async def begin_form(
    query: CallbackQuery,
    *,
    argument: str,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    can_top_up: bool,
) -> None:
    """A fresh form takes the place of the model's page, and of a form under way."""
    offer = await models.offer(argument)
    form, turn = begin(offer)
    message_id = await show_in_place(query, screen_of(form, turn, user, tr, can_top_up=can_top_up))
    await keep(state, form, turn, message_id)
    if offer.manifest.has_chart:
        await asyncio.to_thread(charts.expect)


async def continue_form(
    query: CallbackQuery,
    *,
    ctx: Context,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    can_top_up: bool,
) -> None:
    """The form that was left, below: the message of the button may be worth keeping. Where its model is not sold any
    more it ends."""
    try:
        desk = await Desk.find(state, models)
    except ModelNotOnSale as error:
        await state.clear()
        await chat.show(query, notice_screen(tr.error_html(error), tr))
        return
    if desk is None:
        await chat.show(query, menu_screen(ctx.viewer, above=tr.html(NO_FORM)))
        return
    turn = resume(desk.form, desk.state)
    await chat.acknowledge(query)
    await desk.keep(
        state,
        turn,
        await show_below(query, screen_of(desk.form, turn, user, tr, can_top_up=can_top_up), old=desk.message_id),
    )


async def answered(
    message: Message,
    *,
    bot: Bot,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    files: Files,
    intake: Intake,
    can_top_up: bool,
) -> None:
    """The next question comes below what was typed; the question before keeps its text and loses its buttons."""
    desk = await _desk_of(message, state, models, tr)
    if desk is None:
        return
    album = message.media_group_id
    if album is not None and album == desk.album:
        return  # the first picture of an album was taken
    turn = await _taken(message, desk, bot=bot, user=user, files=files, intake=intake)
    below = await show_below(message, screen_of(desk.form, turn, user, tr, can_top_up=can_top_up), old=desk.message_id)
    await desk.keep(state, turn, below, album=album)


async def _taken(message: Message, desk: Desk, *, bot: Bot, user: UserView, files: Files, intake: Intake) -> Turn:
    if message.photo:
        return await take_photo(message, desk, bot=bot, user=user, files=files, intake=intake)
    if message.document:
        return await take_document(message, desk, bot=bot, user=user, files=files, intake=intake)
    turn = answer(desk.form, desk.state, message.text or "")
    if turn.outcome is Outcome.COLUMN:
        return await take_column(turn, desk, bot=bot, user=user, intake=intake)
    return turn


async def _desk_of(message: Message, state: FSMContext, models: Models, tr: Translator) -> Desk | None:
    """The form that is answered. While its model is not sold that is told, and the form waits: it may come back."""
    try:
        desk = await Desk.find(state, models)
    except ModelNotOnSale as error:
        await pause(state)
        await put(message, notice_screen(tr.error_html(error), tr))
        return None
    if desk is None:
        await state.clear()
        raise SkipHandler
    return desk


async def pressed(
    query: CallbackQuery,
    *,
    ctx: Context,
    bot: Bot,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    models: Models,
    submit: Submit,
    history: History,
    messages: Messages,
    intake: Intake,
    can_top_up: bool,
) -> None:
    action = Action.parse(query.data or "")
    desk = await Desk.find(state, models)
    if action is None or desk is None or action.nonce != desk.state.nonce:
        await _foreign(query, action, state, tr)
        return
    turn = press(desk.form, desk.state, action)
    match turn.outcome:
        case Outcome.STALE:
            await _stale(query, desk, user=user, tr=tr, can_top_up=can_top_up)
        case Outcome.PAY:
            purchase = Purchase(
                query=query,
                bot=bot,
                desk=desk,
                user=user,
                tr=tr,
                fsm=state,
                models=models,
                submit=submit,
                history=history,
                messages=messages,
                can_top_up=can_top_up,
            )
            await purchase.pay()
        case Outcome.CANCEL:
            await state.clear()
            above = form_left(await title_of(desk.form.slug, models, tr), tr)
            await chat.show(query, menu_screen(ctx.viewer, above=above))
        case Outcome.LEAVE:
            await _leave(query, desk, ctx.viewer, fsm=state)
        case Outcome.COLUMN | None:
            if turn.outcome is Outcome.COLUMN:
                turn = await take_column(turn, desk, bot=bot, user=user, intake=intake)
            message_id = await show_in_place(query, screen_of(desk.form, turn, user, tr, can_top_up=can_top_up))
            await desk.keep(state, turn, message_id)


async def _leave(query: CallbackQuery, desk: Desk, viewer: Viewer, *, fsm: FSMContext) -> None:
    """Back to the model's page; what was answered already can be continued."""
    screen = model_screen(desk.offer, viewer)
    if desk.state.answers:
        await pause(fsm)
        screen = keyboards.with_continue(screen, viewer.tr)
    else:
        await fsm.clear()
    await chat.show(query, screen)


async def _foreign(query: CallbackQuery, action: Action | None, state: FSMContext, tr: Translator) -> None:
    """A second tap on *Predict* is no news; a button of a form that is over is for the fallback."""
    paid = (await state.get_data()).get(PAID)
    if action is None or paid is None or action.nonce != paid:
        raise SkipHandler
    await chat.acknowledge(query, tr.gettext(ORDERED))


async def _stale(query: CallbackQuery, desk: Desk, *, user: UserView, tr: Translator, can_top_up: bool) -> None:
    """A double tap, or a question further up: the answer stays. The old message loses its buttons; the present one is
    shown as it should be, in case a crash left it behind."""
    if query.message is not None and query.message.message_id != desk.message_id and query.bot is not None:
        await chat.acknowledge(query, tr.gettext(ANSWERED))
        await chat.strip_buttons(query.bot, query.from_user.id, query.message.message_id)
        return
    await show_in_place(
        query, screen_of(desk.form, Turn(state=desk.state), user, tr, can_top_up=can_top_up), tr.gettext(ANSWERED)
    )
