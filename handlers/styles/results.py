"""Buttons below a picture that was made: another style, the result as the next photo, stronger or weaker, compared."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.form.repeat import begin_below
from handlers.kit.context import Context
from handlers.kit.filters import Pressed
from handlers.predictions.router import find_prediction
from handlers.predictions.screens import AS_FILE, COMPARE, OTHER_STYLE, STRENGTH, USE_RESULT
from handlers.styles.router import NOT_KEPT, choose_style_for
from handlers.styles.screens import compared_screen, file_screen
from handlers.telegram import sender
from services.images.studio import PictureJob, picture_job, with_strength
from services.predictions.history import PredictionNotFound, PredictionView


def router() -> Router:
    router = Router(name="picture_results")
    router.callback_query.register(other_style, Pressed(OTHER_STYLE))
    router.callback_query.register(use_result, Pressed(USE_RESULT))
    router.callback_query.register(change_strength, Pressed(STRENGTH))
    router.callback_query.register(compare, Pressed(COMPARE))
    router.callback_query.register(as_file, Pressed(AS_FILE))
    return router


async def other_style(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """The same photo. `argument`: the prediction's hex id."""
    _, job = await _find(argument, ctx)
    await choose_style_for(query, job.photo_id.hex, ctx)


async def use_result(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """Of a style: the gallery for it. Else the same model once more. `argument`: the prediction's hex id."""
    view, job = await _find(argument, ctx)
    if view.preset_id is not None:
        await choose_style_for(query, job.result_id.hex, ctx)
    elif await ctx.services.files.known([job.result_id.hex], user_id=ctx.user.id):
        await begin_below(query, view, {**view.inputs, job.photo: {"file": job.result_id.hex}}, ctx)
    else:
        await sender.acknowledge(query, ctx.tr.gettext(NOT_KEPT), alert=True)


async def change_strength(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """The summary of a new form, one step on. `argument`: the prediction's hex id, and `+` or `-`."""
    hex_id, _, way = argument.partition(":")
    view, _ = await _find(hex_id, ctx)
    manifest = ctx.services.models.manifest(view.model_slug)
    answers = None if manifest is None else with_strength(view, manifest, steps=1 if way == "+" else -1)
    if answers is None:
        await sender.acknowledge(query, ctx.tr.gettext("It goes no further."))
        return
    await begin_below(query, view, answers, ctx)


async def compare(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the prediction's hex id."""
    view, job = await _find(argument, ctx)
    picture = await ctx.services.studio.compared(view, job)
    if picture is None:
        await sender.acknowledge(query, ctx.tr.gettext(NOT_KEPT), alert=True)
        return
    await sender.acknowledge(query)
    await sender.send(ctx.bot, query.from_user.id, compared_screen(picture, ctx.tr))


async def as_file(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """As it was made, which a photo in a chat is not. `argument`: the prediction's hex id."""
    view, job = await _find(argument, ctx)
    picture = (await ctx.services.history.images(view)).get(job.result)
    if picture is None:
        await sender.acknowledge(query, ctx.tr.gettext(NOT_KEPT), alert=True)
        return
    await sender.acknowledge(query)
    await sender.send(ctx.bot, query.from_user.id, file_screen(picture, view))


async def _find(hex_id: str, ctx: Context) -> tuple[PredictionView, PictureJob]:
    """Raises `PredictionNotFound`, also for one that made no picture of a picture."""
    view = await find_prediction(hex_id, ctx)
    job = picture_job(view, ctx.services.models.manifest(view.model_slug))
    if job is None:
        raise PredictionNotFound(prediction_id=view.id)
    return view, job
