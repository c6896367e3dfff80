"""`/api/v1`: an application of its own, with its own description, and problems as RFC 9457 says."""

from functools import cache, partial
from typing import Final

from fastapi import FastAPI

from web.api import (
    auth,
    bonuses,
    chat_messages,
    chats,
    files,
    keys,
    me,
    models,
    payments,
    plans,
    predictions,
    scoring_uploads,
    scorings,
    subscription,
    telegram_auth,
    track,
    webhooks,
)
from web.api.admin.routers import ROUTERS as ADMIN_ROUTERS
from web.api.describing import describe
from web.api.problems import add_problems
from web.kit.limits import RateLimitHeaders
from web.kit.routers import add_routes

ROUTERS: Final = (
    auth.router,
    telegram_auth.router,
    me.router,
    models.router,
    files.router,
    predictions.router,
    scoring_uploads.router,
    scorings.router,
    chats.router,
    chat_messages.router,
    payments.router,
    plans.router,
    subscription.router,
    bonuses.router,
    track.router,
    keys.router,
    webhooks.router,
    *ADMIN_ROUTERS,
)


def make_api() -> FastAPI:
    api = FastAPI(
        title="Kassandra",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    api.add_middleware(RateLimitHeaders)
    add_problems(api)
    api.state.routers = ROUTERS
    add_routes(api, *ROUTERS)
    api.openapi = cache(partial(describe, api, ROUTERS))  # type: ignore[method-assign]  # as FastAPI has it done
    return api
