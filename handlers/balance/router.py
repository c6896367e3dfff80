"""/balance."""

from aiogram import Router
from aiogram.filters import Command

from handlers.balance.screens import balance_screen
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed

LAST = 5  # operations under the balance


def router() -> Router:
    router = Router(name="balance")
    router.message.register(show_balance, Command("balance", ignore_case=True))
    router.callback_query.register(show_balance, Pressed(buttons.BALANCE))
    return router


async def show_balance(event: Event, *, ctx: Context) -> None:
    last, expiring = await ctx.services.statement.overview(ctx.user.id, LAST)
    await ctx.respond(event, balance_screen(expiring, last, ctx.viewer))
