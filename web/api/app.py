"""`/api/v1`: an application of its own, with its own description, and problems as RFC 9457 says."""

from fastapi import FastAPI

from web.api import auth, keys, me
from web.api.problems import add_problems
from web.kit.limits import RateLimitHeaders


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
    for router in (auth.router, me.router, keys.router):
        api.include_router(router)
    return api
