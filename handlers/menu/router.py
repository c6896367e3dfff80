"""/menu, /cancel and the button home."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.conversation import is_talking
from handlers.kit.dialog import Event, leave_question, pause, put
from handlers.kit.filters import Pressed
from handlers.kit.notices import form_left
from handlers.menu.screens import NOTHING_TO_CANCEL, TALK_LEFT, menu_screen


def router() -> Router:
    router = Router(name="menu")
    router.message.register(show_menu, Command("menu", ignore_case=True))
    router.message.register(cancel, Command("cancel", ignore_case=True))
    router.callback_query.register(show_menu, Pressed(buttons.MENU))
    return router


async def show_menu(event: Event, *, ctx: Context) -> None:
    """A form, and a conversation, is paused: the menu offers to continue it."""
    await pause(ctx.fsm)
    await put(event, menu_screen(ctx.viewer, paused=await ctx.open_form_title(), talk=await ctx.open_talk_title()))


async def cancel(message: Message, *, ctx: Context) -> None:
    """Leave what is asked now: a question beside the form before the form that it interrupted."""
    title = await ctx.open_form_title()
    if (asked := await leave_question(ctx.fsm)) is not None:
        await put(message, menu_screen(ctx.viewer, above=ctx.tr.html(asked.left), paused=title))
        return
    talked = await is_talking(ctx.fsm)
    await ctx.fsm.clear()
    above = ctx.tr.html(TALK_LEFT if talked else NOTHING_TO_CANCEL) if title is None else form_left(title, ctx.tr)
    await put(message, menu_screen(ctx.viewer, above=above, talk=await ctx.open_talk_title() if talked else None))
