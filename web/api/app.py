"""`/api/v1`: an application of its own, with its own description, and problems as RFC 9457 says."""

from fastapi import FastAPI

from web.api import me
from web.api.problems import add_problems


def make_api() -> FastAPI:
    api = FastAPI(
        title="Kassandra",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    add_problems(api)
    api.include_router(me.router)
    return api
