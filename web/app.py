"""The HTTP edge: pages, the API, webhooks, health, readiness, metrics."""

from fastapi import FastAPI

from web import health
from web.context import WebContext, provide
from web.kit.paths import OneSpelling
from web.kit.routers import add_routes
from web.site import add_site
from web.webhooks import cloudpayments, telegram, yookassa


def make_web(context: WebContext) -> FastAPI:
    app = FastAPI(title="Kassandra", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(OneSpelling)
    provide(app, context)
    add_routes(app, health.router)
    if context.telegram is not None:
        add_routes(app, telegram.router)
    if context.yookassa is not None:
        add_routes(app, yookassa.router)
    if context.cloudpayments is not None:
        add_routes(app, cloudpayments.router)
    if context.site is not None:
        add_site(app, context, context.site)
    return app
