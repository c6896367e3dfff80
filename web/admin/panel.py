"""All pages of the panel."""

from fastapi import APIRouter

from web.admin import (
    assistants,
    audit_log,
    dashboard,
    health,
    models,
    packages,
    payments,
    presets,
    refunds,
    roles,
    user_actions,
    users,
)

router = APIRouter(include_in_schema=False)
for part in (
    assistants,
    audit_log,
    dashboard,
    health,
    models,
    packages,
    payments,
    presets,
    refunds,
    roles,
    user_actions,
    users,
):
    router.include_router(part.router)
