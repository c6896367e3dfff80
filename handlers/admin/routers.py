"""The shop run from the chat. To somebody without a role none of its commands and buttons exists."""

from aiogram import Router

from handlers.admin import commands
from handlers.admin import dialogs as answers
from handlers.admin.audit_log import router as journal
from handlers.admin.dialogs import answers_router
from handlers.admin.models.router import router as models
from handlers.admin.packages.router import router as packages
from handlers.admin.panel.router import router as panel
from handlers.admin.payments.router import router as payments
from handlers.admin.roles.router import router as roles
from handlers.admin.statistics.router import router as statistics
from handlers.admin.users.router import router as users

__all__ = ["answers_router", "router"]


def router() -> Router:
    """Commands and buttons."""
    router = Router(name="admin")
    parts = (panel, users, answers, models, packages, payments, statistics, roles, journal, commands)
    router.include_routers(*(part.router() for part in parts))
    return router
