"""/bonus, and whether its messages come."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery

from handlers.bonus.screens import bonus_screen
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed


def router() -> Router:
    router = Router(name="bonus")
    router.message.register(show_bonus, Command("bonus", ignore_case=True))
    router.callback_query.register(press, Pressed(buttons.BONUS))
    return router


async def show_bonus(event: Event, *, ctx: Context) -> None:
    bonuses = ctx.services.bonuses
    last = await bonuses.last(ctx.user.id)
    await ctx.respond(event, bonus_screen(bonuses.terms, bonuses.next_date(), last, ctx.viewer))


async def press(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: on or off. Without a sense it shows what there is."""
    if argument in ("on", "off"):
        await ctx.services.users.mute_bonus(ctx.user.id, muted=argument == "off")
        ctx = await ctx.refreshed()
    await show_bonus(query, ctx=ctx)
