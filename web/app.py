"""The HTTP edge: webhooks, health, readiness, metrics."""

import hmac
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import FastAPI, Header, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from services.redaction import redact
from web.kit.bodies import read_at_most
from web.kit.paths import OneSpelling
from web.kit.rate_limits import Cached, LogLimit
from web.kit.senders import Network, is_insider
from web.readiness import Readiness
from web.webhooks.yookassa import PaymentHooks, add_yookassa

log = structlog.get_logger()

MAX_UPDATE_BYTES = 1_000_000
FRESH_SECONDS = 1.0  # so long an answer of /readyz serves all strangers


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the endpoints call. `feed` handles one update of Telegram and returns whether that ended well; it is None
    where updates are polled. `payments` is None in a shop that takes no money. Metrics and the words of /readyz are for
    this machine, `proxies` and who shows `metrics_token`."""

    readiness: Callable[[], Awaitable[Readiness]]
    registry: CollectorRegistry
    refresh_metrics: Callable[[], Awaitable[None]]
    feed: Callable[[Any], Awaitable[bool]] | None = None  # Any: Telegram's JSON
    telegram_secret: str = ""
    payments: PaymentHooks | None = None
    proxies: Sequence[Network] = ()
    metrics_token: str = ""


def make_web(hooks: Hooks) -> FastAPI:
    app = FastAPI(title="Kassandra", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_middleware(OneSpelling)
    _add_health(app, hooks)
    if hooks.feed is not None:
        _add_telegram(app, hooks.feed, hooks.telegram_secret)
    if hooks.payments is not None:
        add_yookassa(app, hooks.payments)
    return app


def _add_health(app: FastAPI, hooks: Hooks) -> None:
    @app.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    cached = Cached(hooks.readiness, seconds=FRESH_SECONDS)

    @app.api_route("/readyz", methods=["GET", "HEAD"])
    async def readyz(request: Request) -> JSONResponse:
        """What is wrong is not for everybody: the status is."""
        insider = is_insider(request, hooks.proxies, hooks.metrics_token)
        readiness = await (hooks.readiness if insider else cached)()
        parts = {name: redact(state) for name, state in readiness.parts.items()}
        words = parts if insider else {"status": "ready" if readiness.ready else "not ready"}
        return JSONResponse(words, status_code=200 if readiness.ready else 503)

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        if not is_insider(request, hooks.proxies, hooks.metrics_token):
            return PlainTextResponse("forbidden", status_code=403)
        await hooks.refresh_metrics()
        return Response(generate_latest(hooks.registry), media_type=CONTENT_TYPE_LATEST)


def _add_telegram(app: FastAPI, feed: Callable[[Any], Awaitable[bool]], secret: str) -> None:  # Any: as above
    limit = LogLimit()

    @app.post("/telegram/webhook")
    async def telegram_webhook(
        request: Request, x_telegram_bot_api_secret_token: str = Header(default="")
    ) -> PlainTextResponse:
        """Answers 200 once the update is handled: until then Telegram keeps it, and anything else has it repeated."""
        if not hmac.compare_digest(x_telegram_bot_api_secret_token.encode(), secret.encode()):
            if (left_out := limit.left_out(time.monotonic())) is not None:
                peer = request.client.host if request.client else None
                log.warning("telegram_webhook_forged", peer=peer, left_out=left_out)
            return PlainTextResponse("forbidden", status_code=403)
        body = await read_at_most(request, MAX_UPDATE_BYTES)
        if isinstance(body, PlainTextResponse):
            return body
        try:
            update = json.loads(body)
        except (ValueError, RecursionError):
            return PlainTextResponse("not JSON", status_code=400)
        if not await feed(update):
            return PlainTextResponse("try again", status_code=503)
        return PlainTextResponse("ok")
