"""The shop run from the chat. To somebody without a role none of its commands and buttons exists."""

from aiogram import Router

from handlers.admin import commands
from handlers.admin import dialogs as answers
from handlers.admin.assistants import router as assistants
from handlers.admin.audit_log import router as audit_log
from handlers.admin.dialogs import answers_router
from handlers.admin.forecasts import router as forecasts
from handlers.admin.models import router as models
from handlers.admin.packages import router as packages
from handlers.admin.panel import router as panel
from handlers.admin.payments import router as payments
from handlers.admin.plans import router as plans
from handlers.admin.presets import router as presets
from handlers.admin.roles import router as roles
from handlers.admin.statistics import router as statistics
from handlers.admin.uploads import router as uploads
from handlers.admin.users import router as users

__all__ = ["answers_router", "router"]


def router() -> Router:
    """Commands and buttons."""
    router = Router(name="admin")
    parts = (panel, users, answers, models, uploads, assistants, packages, plans, presets, payments, statistics, roles)
    router.include_routers(*(part.router() for part in (*parts, audit_log, forecasts, commands)))
    return router
