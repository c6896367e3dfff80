"""A prediction that was bought, opened from the history."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.filters import Pressed
from handlers.predictions.enclosures import enclosed
from handlers.predictions.screens import CANCEL, ENCLOSED, MEANING, enclosures_of, meaning_screen, prediction_screen
from handlers.predictions.sources import AnswerSources
from handlers.telegram import sender
from services.predictions.cancel import Canceling
from services.predictions.history import PredictionNotFound, PredictionView


def router() -> Router:
    router = Router(name="predictions")
    router.callback_query.register(show_prediction, Pressed(buttons.PREDICTION))
    router.callback_query.register(show_prediction, Pressed(buttons.OUTCOME))
    router.callback_query.register(show_enclosed, Pressed(ENCLOSED))
    router.callback_query.register(show_meaning, Pressed(MEANING))
    router.callback_query.register(cancel_prediction, Pressed(CANCEL))
    return router


async def show_prediction(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: its hex id and the page of the history to go back to."""
    hex_id, _, page = argument.partition(":")
    view = await find_prediction(hex_id, ctx)
    sources, number = AnswerSources.of(ctx.services, ctx.tr), buttons.parse_page(page)
    await ctx.respond(query, await prediction_screen(view, sources, balance=ctx.user.balance, page=number))


async def show_enclosed(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """What came below the answer, below once more. `argument`: the prediction's hex id."""
    view = await find_prediction(argument, ctx)
    sources = AnswerSources.of(ctx.services, ctx.tr)
    found = [await enclosed(view, what, sources) for what in enclosures_of(view)]
    refused = sum([await sender.send_all(ctx.bot, query.from_user.id, screens) for screens in found])
    notice = None if any(found) else ctx.tr.gettext("The answer itself shows it all.")
    if refused:
        notice = ctx.tr.gettext("Telegram did not take all of it. Please try again later.")
    await sender.acknowledge(query, notice, alert=bool(refused))


async def show_meaning(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """Below the answer. `argument`: the prediction's hex id."""
    view = await find_prediction(argument, ctx)
    manifest = ctx.services.models.manifest(view.model_slug)
    if manifest is None:
        notice = ctx.tr.gettext("This model has left the shop; its answers cannot be shown any more.")
        await sender.acknowledge(query, notice)
        return
    await sender.send(ctx.bot, query.from_user.id, meaning_screen(view, manifest, ctx.tr))
    await sender.acknowledge(query)


async def cancel_prediction(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the prediction's hex id. What is canceled tells so in its own message."""
    prediction_id = buttons.parse_id(argument)
    if prediction_id is None:
        raise PredictionNotFound(prediction_id=argument)
    match await ctx.services.predictions.cancel(prediction_id, user_id=ctx.user.id):
        case Canceling.CANCELED:
            notice = ctx.tr.gettext("Canceled; your credits are back.")
        case Canceling.ASKED:
            notice = ctx.tr.gettext("Canceling. If the answer is quicker, it counts.")
        case _:
            notice = ctx.tr.gettext("It is too late to cancel.")
    await sender.acknowledge(query, notice)


async def find_prediction(hex_id: str, ctx: Context) -> PredictionView:
    """The customer's own. Raises `PredictionNotFound`, for rubbish too."""
    prediction_id = buttons.parse_id(hex_id)
    if prediction_id is None:
        raise PredictionNotFound(prediction_id=hex_id)
    return await ctx.services.history.get(prediction_id, user_id=ctx.user.id)
