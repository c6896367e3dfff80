"""`POST /webhooks/yookassa`: a notification is stored and acknowledged; what it claims is looked into afterwards.

Nothing is credited because a notification says so; strangers are turned away only so that they cannot make the shop ask
YooKassa all day."""

import time
from ipaddress import ip_network

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from db.errors import DatabaseUnavailable
from services.payments.providers.base import BadNotification
from services.payments.providers.yookassa.notifications import read_notification
from web.context import Web
from web.kit.bodies import read_at_most
from web.kit.rate_limits import LogLimit
from web.kit.senders import Network, RequestOrigin, caller, is_in

log = structlog.get_logger()

MAX_BYTES = 64 * 1024  # a notification has two; reading a quarter of a million takes a tenth of a second
YOOKASSA_NETWORKS: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "77.75.153.0/25",
        "77.75.154.128/25",
        "77.75.156.11/32",
        "77.75.156.35/32",
        "185.71.76.0/27",
        "185.71.77.0/27",
        "2a02:5180::/32",
    )
)
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


router = APIRouter()


@router.post("/webhooks/yookassa")
async def yookassa_webhook(request: Request, web: Web) -> PlainTextResponse:
    """Only 200 acknowledges: YooKassa repeats anything else for a day."""
    assert web.yookassa is not None
    who = caller(request, web.proxies)
    if who.address is None or not is_in(who.address, web.yookassa.senders):
        return _refuse(request, who, web.strangers)
    body = await read_at_most(request, MAX_BYTES)
    if isinstance(body, PlainTextResponse):
        return body
    try:
        await web.yookassa.payments.events.keep(read_notification(body))
    except BadNotification as error:
        log.warning("yookassa_webhook_not_understood", reason=str(error))
        return PlainTextResponse(str(error), status_code=400)
    except DatabaseUnavailable as error:
        log.warning("yookassa_webhook_not_kept", error=str(error))
        return PlainTextResponse("try again", status_code=503)
    return PlainTextResponse("ok")


def _refuse(request: Request, who: RequestOrigin, limit: LogLimit) -> PlainTextResponse:
    if (left_out := limit.left_out(time.monotonic())) is not None:
        address = None if who.address is None else str(who.address)
        log.warning(
            "yookassa_webhook_from_stranger",
            address=address,
            peer=_peer(request),
            seen=who.source,
            left_out=left_out,
        )
    return PlainTextResponse("forbidden", status_code=403)


def _peer(request: Request) -> str | None:
    return None if request.client is None else request.client.host
