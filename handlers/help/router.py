"""/help, /terms and /paysupport."""

from aiogram import Router
from aiogram.filters import Command

from handlers.help.screens import contact_of, help_screen, pay_support_screen, terms_screen
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from i18n.translator import Html


def router() -> Router:
    router = Router(name="help")
    router.message.register(show_help, Command("help", ignore_case=True))
    router.callback_query.register(show_help, Pressed(buttons.HELP))
    router.message.register(show_terms, Command("terms", ignore_case=True))
    router.callback_query.register(show_terms, Pressed(buttons.TERMS))
    router.message.register(show_pay_support, Command("paysupport", ignore_case=True))
    return router


async def show_help(event: Event, *, ctx: Context) -> None:
    await ctx.respond(event, help_screen(await _contact(ctx), ctx.viewer))


async def show_terms(event: Event, *, ctx: Context) -> None:
    await ctx.respond(event, terms_screen(await _contact(ctx), ctx.tr))


async def show_pay_support(event: Event, *, ctx: Context) -> None:
    await ctx.respond(event, pay_support_screen(await _contact(ctx), ctx.viewer))


async def _contact(ctx: Context) -> Html:
    """The first owner; a link to one who has never been here would lead nowhere."""
    owner_id = ctx.services.admins.first_owner
    owner = None if owner_id is None else await ctx.services.users.find(owner_id)
    return contact_of(owner, ctx.tr)
