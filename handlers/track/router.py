"""/track: how often the shop's forecasts came true."""

import asyncio

import structlog
from aiogram import Router
from aiogram.filters import Command

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.track.screens import shown_record, track_screen
from i18n.forecasts import calibration_of
from i18n.translator import Translator
from services.charts import DrawingFailed, draw
from services.forecasts.record import TrackRecord

log = structlog.get_logger()


def router() -> Router:
    router = Router(name="track")
    router.message.register(show_track, Command("track", ignore_case=True))
    router.callback_query.register(show_track, Pressed(buttons.TRACK))
    return router


async def show_track(event: Event, *, ctx: Context, argument: str = "") -> None:
    """`argument`: a model's slug; the first one where there is none of that."""
    record = await ctx.services.track.record()
    shown = shown_record(record, argument)
    picture = None if shown is None else await _picture(shown, ctx.tr)
    await ctx.respond(event, track_screen(record, shown, ctx.viewer, picture=picture))


async def _picture(record: TrackRecord, tr: Translator) -> bytes | None:
    """None where there is too little to draw, or nothing can be drawn: the words say it, too."""
    figures = record.listed.of_event("drawdown")
    chart = None if figures is None or not figures.is_enough else calibration_of(figures, tr)
    if chart is None:
        return None
    try:
        return await asyncio.to_thread(draw, chart)
    except DrawingFailed as error:
        log.error("chart_not_drawn", model=record.model_slug, error=str(error))
        return None
