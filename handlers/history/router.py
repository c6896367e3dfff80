"""/history: what was bought, and what happened to the balance."""

from aiogram import Router
from aiogram.filters import Command

from handlers.history.screens import (
    OPERATIONS,
    TABLES,
    TABLES_SHOWN,
    operations_screen,
    predictions_screen,
    tables_screen,
)
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from i18n.titles import titles_in


def router() -> Router:
    router = Router(name="history")
    router.message.register(show_history, Command("history", ignore_case=True))
    router.callback_query.register(show_history, Pressed(buttons.HISTORY))
    return router


async def show_history(event: Event, *, ctx: Context, argument: str = "") -> None:
    """`argument`: `<tab>:<page>`, as a button names it. Who has bought nothing but tables sees those."""
    tab, _, number = argument.partition(":")
    page = buttons.parse_page(number)
    if tab == OPERATIONS:
        await ctx.respond(event, operations_screen(await ctx.services.statement.page(ctx.user.id, page), ctx.viewer))
        return
    tables = await ctx.services.scorings.page(ctx.user.id, page if tab == TABLES else 0, TABLES_SHOWN)
    bought = await ctx.services.history.page(ctx.user.id, page)
    if tab == TABLES or (tables.items and not bought.items):
        titles = await titles_in(ctx.tr, ctx.services.models, presets=True)
        await ctx.respond(event, tables_screen(tables, titles))
        return
    presets = any(view.preset_id is not None for view in bought.items)
    titles = await titles_in(ctx.tr, ctx.services.models, presets=presets)
    await ctx.respond(event, predictions_screen(bought, titles, tables=bool(tables.items)))
