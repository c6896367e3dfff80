"""The shop run from the chat. To somebody without a role none of its commands and buttons exists."""

from aiogram import Router

from handlers.admin import answers, commands, journal, models, packages, panel, payments, roles, statistics, users
from handlers.admin.answers import answers_router

__all__ = ["answers_router", "router"]


def router() -> Router:
    """Commands and buttons."""
    router = Router(name="admin")
    parts = (panel, users, answers, models, packages, payments, statistics, roles, journal, commands)
    router.include_routers(*(part.router() for part in parts))
    return router
