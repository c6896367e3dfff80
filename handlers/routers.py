"""The chat: one module a feature; each makes its routers anew, since a router belongs to one dispatcher."""

from aiogram import Router

from handlers import (
    account,
    bonus,
    fallback,
    form,
    help,  # noqa: A004 - the command's own name
    menu,
    models,
    profile,
    start,
    topup,
)
from handlers.admin import routers as admin


def routers() -> list[Router]:
    """In the order in which they are asked: commands and buttons, the frequent ones first, then what is typed, then
    everything else."""
    return [
        account.router(),
        menu.router(),
        start.router(),
        profile.router(),
        topup.router(),
        bonus.router(),
        help.router(),
        models.router(),
        admin.router(),
        fallback.commands_router(),
        form.router(),
        profile.answers_router(),
        topup.answers_router(),
        admin.answers_router(),
        fallback.router(),
    ]
