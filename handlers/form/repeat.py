"""A prediction that was bought before: bought again, or with another answer."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.form.pressed import press
from handlers.form.session import FormSession
from handlers.form.state import Action, Turn
from handlers.kit.context import Context
from handlers.kit.dialog import show_below
from handlers.kit.filters import Pressed
from handlers.kit.form_state import Place
from handlers.predictions.router import find_prediction
from handlers.predictions.screens import AGAIN, CHANGE
from handlers.telegram import sender
from services.models.offers import Offer
from services.predictions.history import PredictionView
from services.values.kept_files import ids_in


def router() -> Router:
    router = Router(name="repeat")
    router.callback_query.register(again, Pressed(AGAIN))
    router.callback_query.register(change, Pressed(CHANGE))
    return router


async def again(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """The summary of a new form with the same answers, at today's price. `argument`: the prediction's hex id."""
    session, turn = await _repeat(argument, ctx)
    await _open(query, session, turn)


async def change(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """The same, at the choice of the answer to change; a form of one question asks it at once."""
    session, turn = await _repeat(argument, ctx)
    fields = session.form.fields
    if turn.state.asked is None and fields:
        verb = "e" if len(fields) == 1 else "l"
        turn = press(session.form, turn.state, Action(nonce=turn.state.nonce, where=Place.SUMMARY.value, verb=verb))
    await _open(query, session, turn)


async def begin_below(query: CallbackQuery, view: PredictionView, answers: Mapping[str, Any], ctx: Context) -> None:
    """The summary of a new form with these answers (JSON), at today's price, below what was bought before."""
    kept = await _still_kept(answers, view, ctx)
    await _open(query, *FormSession.begin(ctx, await _offer(view, ctx), kept))


async def _repeat(hex_id: str, ctx: Context) -> tuple[FormSession, Turn]:
    view = await find_prediction(hex_id, ctx)
    kept = await _still_kept(view.inputs, view, ctx)
    return FormSession.begin(ctx, await _offer(view, ctx), kept)


async def _still_kept(answers: Mapping[str, Any], view: PredictionView, ctx: Context) -> dict[str, Any]:
    """Without pictures that have been deleted since: they are asked for anew."""
    files = {name: ids_in(answer) for name, answer in answers.items()}
    known = await ctx.services.files.known(chain.from_iterable(files.values()), user_id=view.user_id)
    return {name: answer for name, answer in answers.items() if known.issuperset(files[name])}


async def _open(query: CallbackQuery, session: FormSession, turn: Turn) -> None:
    """Below the answer, which stays."""
    await sender.acknowledge(query)
    await session.keep(turn, await show_below(query, session.screen(turn), old=None))


async def _offer(view: PredictionView, ctx: Context) -> Offer:
    """The preset that it was bought as, while that is sold; else the model itself."""
    models, cover = ctx.services.models, ctx.services.plan_cover
    for offer in await models.offers():
        if view.preset_id is not None and offer.preset_id == view.preset_id:
            return await cover.of(offer, ctx.user.id)
    return await cover.of(await models.offer(view.model_slug), ctx.user.id)
