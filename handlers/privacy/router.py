"""/privacy."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.privacy.screens import DELETE, DELETE_SURE, deleted_screen, privacy_screen, sure_screen


def router() -> Router:
    router = Router(name="privacy")
    router.message.register(show_privacy, Command("privacy", ignore_case=True))
    router.callback_query.register(show_privacy, Pressed(buttons.PRIVACY))
    router.callback_query.register(ask_whether, Pressed(DELETE))
    router.callback_query.register(delete_pictures, Pressed(DELETE_SURE))
    return router


async def show_privacy(event: Event, *, ctx: Context) -> None:
    kept = ctx.services.file_cleanup
    await ctx.respond(event, privacy_screen(ctx.tr, pictures=kept.inputs_for, results=kept.results_for))


async def ask_whether(query: CallbackQuery, *, ctx: Context) -> None:
    await ctx.respond(query, sure_screen(ctx.tr))


async def delete_pictures(query: CallbackQuery, *, ctx: Context) -> None:
    """A form under way, and pictures that wait for a style, would name what is gone: both end."""
    await ctx.fsm.clear()
    count = await ctx.services.file_cleanup.delete_of(ctx.user.id)
    await ctx.respond(query, deleted_screen(count, ctx.tr))
