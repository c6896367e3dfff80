"""`/admin/…`, noun by noun."""

from typing import Final

from web.api.admin import audit_log, models, payments, refunds, users

ROUTERS: Final = (users.router, models.router, payments.router, refunds.router, audit_log.router)
