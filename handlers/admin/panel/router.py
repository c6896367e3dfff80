"""/admin: the panel."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message

from handlers.admin import buttons as names
from handlers.admin.context import Office, OnDuty
from handlers.admin.panel.screens import panel_screen
from handlers.kit.commands import set_chat_commands
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed


def router() -> Router:
    router = Router(name="admin_panel")
    router.message.register(open_panel, Command("admin", ignore_case=True), OnDuty())
    router.callback_query.register(show_panel, Pressed(names.PANEL), OnDuty())
    return router


async def open_panel(message: Message, *, office: Office, ctx: Context) -> None:
    await show_panel(message, office=office)
    await set_chat_commands(ctx.bot, message.chat.id, office.tr, features=ctx.services.features, role=office.role)


async def show_panel(event: Event, *, office: Office) -> None:
    await office.show(event, panel_screen(office.role, await office.statistics.waiting(), office.tr))
