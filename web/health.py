"""Whether the process lives, can serve, and how it does."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.redaction import redact
from web.context import Web
from web.kit.senders import is_insider

router = APIRouter()


@router.api_route("/healthz", methods=["GET", "HEAD"])
async def healthz() -> PlainTextResponse:
    return PlainTextResponse("ok")


@router.api_route("/readyz", methods=["GET", "HEAD"])
async def readyz(request: Request, web: Web) -> JSONResponse:
    """What is wrong is not for everybody: the status is."""
    insider = is_insider(request, web.proxies, web.metrics_token)
    readiness = await (web.health.readiness() if insider else web.for_strangers())
    parts = {name: redact(state) for name, state in readiness.parts.items()}
    words = parts if insider else {"status": "ready" if readiness.ready else "not ready"}
    return JSONResponse(words, status_code=200 if readiness.ready else 503)


@router.get("/metrics")
async def metrics(request: Request, web: Web) -> Response:
    if not is_insider(request, web.proxies, web.metrics_token):
        return PlainTextResponse("forbidden", status_code=403)
    await web.health.refresh()
    return Response(generate_latest(web.health.registry), media_type=CONTENT_TYPE_LATEST)
