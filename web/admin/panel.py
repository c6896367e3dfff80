"""All pages of the panel."""

from fastapi import APIRouter

from web.admin import dashboard, health, user_actions, users

router = APIRouter(include_in_schema=False)
for part in (dashboard, health, users, user_actions):
    router.include_router(part.router)
