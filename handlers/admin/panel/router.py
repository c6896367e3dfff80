"""/admin: the panel."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, StaffOnly
from handlers.admin.panel.screens import panel_screen
from handlers.kit.commands import set_chat_commands
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed


def router() -> Router:
    router = Router(name="admin_panel")
    router.message.register(open_panel, Command("admin", ignore_case=True), StaffOnly())
    router.callback_query.register(show_panel, Pressed(names.PANEL), StaffOnly())
    return router


async def open_panel(message: Message, *, ctx: AdminContext) -> None:
    await show_panel(message, ctx=ctx)
    await set_chat_commands(ctx.bot, message.chat.id, ctx.tr, features=ctx.services.features, role=ctx.role)


async def show_panel(event: Event, *, ctx: AdminContext) -> None:
    await ctx.respond(event, panel_screen(ctx.role, await ctx.services.statistics.waiting(), ctx.tr))
