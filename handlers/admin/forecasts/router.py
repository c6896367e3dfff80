"""/papers, and its button: owners set what the shop forecasts by itself."""

from typing import Final

from aiogram import Router
from aiogram.types import Message

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, StaffOnly
from handlers.admin.forecasts import screens
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from services.errors import ShopError

ADD: Final = "add"
DROP: Final = "drop"


def router() -> Router:
    router = Router(name="admin_forecasts")
    router.callback_query.register(show_papers, Pressed(names.FORECASTS), StaffOnly())
    return router


async def show_papers(event: Event, *, ctx: AdminContext) -> None:
    await ctx.respond(event, screens.papers_screen(await ctx.services.instrument_list.all(), ctx.tr))


async def papers(message: Message, args: str, ctx: AdminContext) -> bool:
    """`add TICKER [MODEL]`, `drop TICKER [MODEL or exchange]`, or nothing. False: not as its usage says."""
    verb, _, paper = args.partition(" ")
    if args and (verb.lower() not in (ADD, DROP) or not paper.strip()):
        return False
    notice = ""
    if args:
        ctx.require(Role.OWNER)
        try:
            notice = await _change(verb.lower(), paper.strip(), ctx)
        except ShopError as problem:
            notice = ctx.tr.error_html(problem)
    listed = await ctx.services.instrument_list.all()
    await ctx.respond(message, screens.papers_screen(listed, ctx.tr, notice=notice))
    return True


async def _change(verb: str, paper: str, ctx: AdminContext) -> str:
    listing, tr = ctx.services.instrument_list, ctx.tr
    if verb == ADD:
        name, _, last = paper.rpartition(" ")
        named = name and last in {each.slug for each in listing.judged_models}
        added = await listing.add(name if named else paper, actor=ctx.actor, model_slug=last if named else None)
        return tr.html("✅ On the list: {name} ({symbol}).", name=added.name, symbol=added.symbol)
    gone = await listing.take_off_named(paper, actor=ctx.actor)
    return tr.html("✅ Taken off the list: {name} ({symbol}).", name=gone.name, symbol=gone.symbol)
