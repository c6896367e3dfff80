"""/history: what was bought, and what happened to the balance."""

from aiogram import Router
from aiogram.filters import Command

from handlers.history.screens import OPERATIONS, operations_screen, predictions_screen
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.kit.titles import model_title
from services.pages import Page
from services.predictions.history import PredictionView


def router() -> Router:
    router = Router(name="history")
    router.message.register(show_history, Command("history", ignore_case=True))
    router.callback_query.register(show_history, Pressed(buttons.HISTORY))
    return router


async def show_history(event: Event, *, ctx: Context, argument: str = "") -> None:
    """`argument`: `<tab>:<page>`, as a button names it."""
    tab, _, number = argument.partition(":")
    page = buttons.parse_page(number)
    if tab == OPERATIONS:
        await ctx.respond(event, operations_screen(await ctx.services.statement.page(ctx.user.id, page), ctx.viewer))
        return
    bought = await ctx.services.history.page(ctx.user.id, page)
    presets = await _presets(bought, ctx)

    def title_of(view: PredictionView) -> str:
        return presets.get(view.preset_id) or model_title(view.model_slug, ctx.services.models, ctx.tr)

    await ctx.respond(event, predictions_screen(bought, title_of, ctx.tr))


async def _presets(page: Page[PredictionView], ctx: Context) -> dict[int | None, str]:
    """Titles of presets, where the page has any."""
    if all(view.preset_id is None for view in page.items):
        return {}
    offers = await ctx.services.models.offers()
    return {offer.preset_id: ctx.tr.pick(offer.title) for offer in offers if offer.title is not None}
