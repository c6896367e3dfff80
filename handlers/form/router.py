"""The form: typed answers, pictures, files and buttons, up to the summary. Paying is `handlers.form.purchase`."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Filter, StateFilter
from aiogram.types import CallbackQuery, Message

from handlers.form.albums import collects, show_another, wants_next
from handlers.form.enclosed import answer_image
from handlers.form.flow import resume
from handlers.form.offered import PAPER, begin_with_paper
from handlers.form.papers import favourites, look_up, newer_prices, take_paper
from handlers.form.pressed import press
from handlers.form.purchase import Purchase
from handlers.form.session import PAID, FormDialog, FormSession, form_of, offer_of
from handlers.form.sounds import sound_of, take_sound
from handlers.form.state import Action, FormExit, Turn
from handlers.form.templates import send_template
from handlers.form.trial import try_out
from handlers.form.typed import answer
from handlers.form.uploads import picture_of, take_column, take_document, take_photo
from handlers.form.wanted import image_wanted
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import pause, put, show_below, show_in_place, waiting_photos
from handlers.kit.filters import Pressed
from handlers.kit.notices import form_left, notice_screen
from handlers.menu.screens import menu_screen
from handlers.models.screens import BEGIN, model_screen
from handlers.telegram import sender
from i18n.titles import title_of
from services import charts
from services.errors import N_
from services.manifests.manifest import ImageInput, ImagesInput
from services.models.offers import ModelNotOnSale, Offer

ANSWERED = N_("This question is answered already.")
ORDERED = N_("It is ordered already.")
REFUSED = "!"  # after an album's id: its picture was not taken, and that is told once where none is wanted
NO_FORM = N_("There is no form to continue. Choose a model:")


class IsAnswer(Filter):
    """What may answer a question; the rest is told so by the fallback."""

    async def __call__(self, message: Message) -> bool:
        files = message.photo or message.document or message.voice or message.audio
        return bool(message.text or files)


def router() -> Router:
    router = Router(name="form")
    router.callback_query.register(pressed, Pressed("f"))
    router.callback_query.register(begin_form, Pressed(BEGIN))
    router.callback_query.register(begin_with_paper, Pressed(PAPER))
    router.callback_query.register(continue_form, Pressed(buttons.CONTINUE))
    router.message.register(answered, StateFilter(FormDialog.answering), IsAnswer())
    return router


async def begin_form(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """A fresh form takes the place of the model's page, and of a form under way. `argument`: the slug."""
    offer = await offer_of(argument, ctx)
    photos = await waiting_photos(ctx.fsm)
    session, turn = _begun(ctx, offer, photos)
    turn = replace(turn, state=replace(turn.state, favourites=await favourites(session)))
    await session.keep(turn, await show_in_place(query, session.screen(turn)))
    if offer.manifest.has_chart:
        await asyncio.to_thread(charts.expect)


def _begun(ctx: Context, offer: Offer, photos: Sequence[str]) -> tuple[FormSession, Turn]:
    """With the photos that were sent before: to the only question for one, or for several."""
    fields = form_of(offer).fields
    single = [field.name for field in fields if isinstance(field, ImageInput)]
    lists = [field for field in fields if isinstance(field, ImagesInput)]
    if photos and len(single) == 1 and not lists:
        session, turn = FormSession.begin(ctx, offer, {single[0]: {"file": photos[0]}}, photos[1:])
        return session, replace(turn, notice=None)
    session, turn = FormSession.begin(ctx, offer)
    if len(lists) == 1 and turn.state.asked == lists[0].name:
        for photo in photos[: lists[0].max_count]:
            turn = answer_image(session.form, turn.state, photo)
    return session, turn


async def continue_form(query: CallbackQuery, *, ctx: Context) -> None:
    """The form that was left, below: the message of the button may be worth keeping. Where its model is not sold any
    more it ends."""
    try:
        session = await FormSession.find(ctx)
    except ModelNotOnSale as error:
        await ctx.fsm.clear()
        await sender.show(query, notice_screen(ctx.tr.error_html(error), ctx.tr))
        return
    if session is None:
        await sender.show(query, menu_screen(ctx.viewer, above=ctx.tr.html(NO_FORM)))
        return
    turn = resume(session.form, session.state)
    await sender.acknowledge(query)
    await session.keep(turn, await show_below(query, session.screen(turn), old=session.message_id))


async def answered(message: Message, *, ctx: Context) -> None:
    """The next question comes below what was typed; the question before keeps its text and loses its buttons."""
    session = await _session_of(message, ctx)
    if session is None:
        return
    album = message.media_group_id
    if album is not None and album == session.album and not wants_next(session):
        await show_another(message, session)
        return
    if album is not None and session.album == f"{album}{REFUSED}" and image_wanted(session.form, session.state) is None:
        return
    one_more = collects(session, album)
    turn = await _taken(message, session)
    if one_more and turn.problem is None and session.message_id is not None:
        await session.keep(turn, session.message_id)
        await sender.edit(ctx.bot, message.chat.id, session.message_id, session.screen(turn))
        return
    if album is not None and turn.problem is not None:
        album = f"{album}{REFUSED}"
    elif picture_of(message) is not None and turn.problem is None:
        session = session.with_others(())
    await session.keep(turn, await show_below(message, session.screen(turn), old=session.message_id), album=album)


async def _taken(message: Message, session: FormSession) -> Turn:
    if message.photo:
        return await take_photo(message, session)
    if (sound := sound_of(message, session)) is not None:
        return await take_sound(sound, session)
    if message.document:
        return await take_document(message, session)
    return await _fetched(answer(session.form, session.state, message.text or ""), session)


async def _fetched(turn: Turn, session: FormSession) -> Turn:
    """The same turn, with what it needs from outside."""
    match turn.outcome:
        case FormExit.COLUMN:
            return await take_column(turn, session)
        case FormExit.LOOK_UP:
            return await look_up(turn, session)
        case FormExit.PAPER:
            return await take_paper(turn, session)
    return turn


async def _session_of(message: Message, ctx: Context) -> FormSession | None:
    """The form that is answered. While its model is not sold that is told, and the form waits: it may come back."""
    try:
        session = await FormSession.find(ctx)
    except ModelNotOnSale as error:
        await pause(ctx.fsm)
        await put(message, notice_screen(ctx.tr.error_html(error), ctx.tr))
        return None
    if session is None:
        await ctx.fsm.clear()
        raise SkipHandler
    return session


async def pressed(query: CallbackQuery, *, ctx: Context) -> None:
    action = Action.parse(query.data or "")
    session = await FormSession.find(ctx)
    if action is None or session is None or action.nonce != session.state.nonce:
        await _foreign(query, action, ctx)
        return
    turn = press(session.form, session.state, action)
    match turn.outcome:
        case FormExit.STALE:
            await _stale(query, session)
        case FormExit.PAY:
            await _order(session, query)
        case FormExit.CANCEL:
            await ctx.fsm.clear()
            title = title_of(session.form, ctx.tr)
            await sender.show(query, menu_screen(ctx.viewer, above=form_left(title.text, ctx.tr)))
        case FormExit.LEAVE:
            await _leave(query, session)
        case FormExit.TEMPLATE:
            await send_template(query, session)
        case FormExit.COLUMN | FormExit.LOOK_UP | FormExit.PAPER | None:
            turn = await _fetched(turn, session)
            await session.keep(turn, await show_in_place(query, session.screen(turn)))


async def _order(session: FormSession, query: CallbackQuery) -> None:
    """Of prices that are older than those of today nothing is sold unseen."""
    if (turn := await newer_prices(session)) is not None:
        await session.keep(turn, await show_in_place(query, session.screen(turn)))
        return
    await (try_out(session, query) if session.offer.draft else Purchase(session=session, query=query).pay())


async def _leave(query: CallbackQuery, session: FormSession) -> None:
    """Back to the model's page; what was answered already can be continued."""
    ctx = session.ctx
    screen = model_screen(session.offer, ctx.viewer)
    if session.state.answers:
        await pause(ctx.fsm)
        screen = buttons.with_continue(screen, ctx.tr)
    else:
        await ctx.fsm.clear()
    await sender.show(query, screen)


async def _foreign(query: CallbackQuery, action: Action | None, ctx: Context) -> None:
    """A second tap on *Predict* is no news; a button of a form that is over is for the fallback."""
    paid = (await ctx.fsm.get_data()).get(PAID)
    if action is None or paid is None or action.nonce != paid:
        raise SkipHandler
    await sender.acknowledge(query, ctx.tr.gettext(ORDERED))


async def _stale(query: CallbackQuery, session: FormSession) -> None:
    """A double tap, or a question further up: the answer stays. The old message loses its buttons; the present one is
    shown as it should be, in case a crash left it behind."""
    ctx, told = session.ctx, session.ctx.tr.gettext(ANSWERED)
    if query.message is not None and query.message.message_id != session.message_id:
        await sender.acknowledge(query, told)
        await sender.strip_buttons(ctx.bot, query.from_user.id, query.message.message_id)
        return
    await show_in_place(query, session.screen(Turn(state=session.state)), told)
