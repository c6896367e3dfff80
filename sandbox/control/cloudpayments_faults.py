"""CloudPayments on a bad day: faults of its calls and its notifications, forged ones, the log of both."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudpayments.api import OPERATIONS
from sandbox.cloudpayments.notices import KINDS, Kind
from sandbox.cloudpayments.notifications import FORM
from sandbox.cloudpayments.wire import JsonObject, to_json
from sandbox.control.deps import OneSite
from sandbox.provider_faults import NOTIFICATION_FAULTS, FaultKind, ShopFault

router = APIRouter(prefix="/sandbox/api/{bot}/cloudpayments")

MAX_WAIT_SECONDS = 60.0
Wait = Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS)]


class NewFault(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    on: str = "*"
    times: int = Field(default=1, ge=0)
    seconds: float = Field(default=60.0, ge=0)
    copies: int = Field(default=1, ge=1, le=1000)
    value: str = Field(default="1.00", pattern=r"^[0-9]+\.[0-9]{2}$")


class Forged(BaseModel):
    """Either `fields`, signed in the site's name unless told otherwise, or `raw` with its own `headers`."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    fields: JsonObject | None = None
    signed: bool = True
    raw: str | None = None
    headers: dict[str, str] = {}


class Again(BaseModel):
    times: int = Field(default=1, ge=1, le=1000)


@router.get("/faults")
async def faults_list(site: OneSite) -> list[JsonObject]:
    return [asdict(fault) for fault in site.faults.armed()]


@router.post("/faults", status_code=201)
async def fault_new(body: NewFault, site: OneSite) -> JsonObject:
    names = KINDS if body.kind in NOTIFICATION_FAULTS else tuple(OPERATIONS)
    if body.on not in ("*", *names):
        raise HTTPException(400, f"on is one of *, {', '.join(names)}")
    site.faults.add(ShopFault(**body.model_dump()))
    return body.model_dump()


@router.delete("/faults")
async def faults_clear(site: OneSite) -> JsonObject:
    site.faults.clear()
    return {}


@router.get("/webhooks")
async def webhooks(
    site: OneSite, after: int = 0, wait: Wait = 0.0, limit: Annotated[int, Query(ge=1)] = 1000
) -> list[JsonObject]:
    """The newest `limit`, oldest first; `wait` for those on their way."""
    await site.notifier.settled(wait)
    return [notification.view() for notification in site.notifier.after(after)[-limit:]]


@router.post("/webhooks/{n}/send")
async def webhook_again(n: int, site: OneSite, body: Again | None = None) -> JsonObject:
    notification = site.notifier.get(n)
    if notification is None:
        raise HTTPException(404, f"there is no webhook {n}")
    times = body.times if body else 1
    attempts = len(notification.attempts) + times
    site.notifier.send_again(notification, times)
    await site.notifier.attempted(notification, attempts, MAX_WAIT_SECONDS)
    return notification.view()


@router.post("/notify", status_code=201)
async def notify(body: Forged, site: OneSite) -> JsonObject:
    if (body.fields is None) == (body.raw is None):
        raise HTTPException(400, "either fields or raw is wanted")
    raw, headers = (body.raw or "").encode(), {"Content-Type": FORM}
    if body.fields is not None:
        raw, headers = site.notifier.packed(body.fields)
        if not body.signed:
            headers = {"Content-Type": headers["Content-Type"]}
    notification = site.notifier.forge(raw, headers | body.headers, body.kind)
    await site.notifier.attempted(notification, 1, MAX_WAIT_SECONDS)
    return notification.view()


@router.get("/log")
async def log(site: OneSite, call: str | None = None, after: int = 0) -> Response:
    return Response(to_json(site.calls.find(call=call, after=after)), media_type="application/json")
