"""The audit log: who did what to whom."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.admin import buttons as names
from handlers.admin.audit_log.screens import audit_log_screen
from handlers.admin.context import AdminContext, StaffOnly
from handlers.kit import buttons as keyboards
from handlers.kit.filters import Pressed

ON_PAGE = 10


def router() -> Router:
    router = Router(name="admin_audit_log")
    router.callback_query.register(show_audit_log, Pressed(names.AUDIT_LOG), StaffOnly())
    return router


async def show_audit_log(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the page, and the user whom it was done to; of everybody without one."""
    ctx.require()
    page, _, number = argument.partition(":")
    user_id = keyboards.parse_number(number)
    user = None if user_id is None else await ctx.services.user_management.card(user_id)
    which = keyboards.parse_page(page)
    shown = (
        await ctx.services.audit_log.latest(which, ON_PAGE)
        if user is None
        else await ctx.services.audit_log.of_user(user.id, which, ON_PAGE)
    )
    await ctx.respond(query, audit_log_screen(shown, ctx.viewer, user=user))
