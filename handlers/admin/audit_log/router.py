"""The journal: who did what to whom."""

from functools import partial

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.admin import buttons as names
from handlers.admin.audit_log.screens import journal_screen
from handlers.admin.context import Office, OnDuty
from handlers.kit import buttons as keyboards
from handlers.kit.filters import Pressed
from handlers.kit.titles import titled

ON_PAGE = 10


def router() -> Router:
    router = Router(name="admin_journal")
    router.callback_query.register(show_journal, Pressed(names.JOURNAL), OnDuty())
    return router


async def show_journal(query: CallbackQuery, *, argument: str, office: Office) -> None:
    """`argument`: the page, and the user whom it was done to; of everybody without one."""
    office.require()
    page, _, number = argument.partition(":")
    user_id = keyboards.parse_number(number)
    user = None if user_id is None else await office.admin_users.card(user_id)
    which = keyboards.parse_page(page)
    shown = (
        await office.audit_log.latest(which, ON_PAGE)
        if user is None
        else await office.audit_log.of_user(user.id, which, ON_PAGE)
    )
    titles = partial(titled, models=office.models, tr=office.tr)
    await office.show(query, journal_screen(shown, titles, office.tr, user=user))
