"""`POST /telegram/webhook`: an update is acknowledged once it is handled."""

import hmac
import json
import time

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from web.context import Web
from web.kit.bodies import read_at_most

log = structlog.get_logger()

MAX_BYTES = 1_000_000

router = APIRouter()


@router.post("/telegram/webhook")
async def telegram_webhook(request: Request, web: Web) -> PlainTextResponse:
    """Answers 200 once the update is handled: until then Telegram keeps it, and anything else has it repeated."""
    assert web.telegram is not None
    # A parameter of FastAPI's would import pydantic's first version too, 1.5 MB.
    shown = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    if not hmac.compare_digest(shown.encode(), web.telegram.secret.encode()):
        if (left_out := web.forged.left_out(time.monotonic())) is not None:
            peer = request.client.host if request.client else None
            log.warning("telegram_webhook_forged", peer=peer, left_out=left_out)
        return PlainTextResponse("forbidden", status_code=403)
    body = await read_at_most(request, MAX_BYTES)
    if isinstance(body, PlainTextResponse):
        return body
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return PlainTextResponse("not JSON", status_code=400)
    if not await web.telegram.feed(update):
        return PlainTextResponse("try again", status_code=503)
    return PlainTextResponse("ok")
