"""The shop on a bad day: faults of its API and its notifications, forged ones, the log of both."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OneShop
from sandbox.provider_faults import NOTIFICATION_FAULTS, FaultKind, ShopFault
from sandbox.yookassa.api import NAMES
from sandbox.yookassa.wire import JsonObject, to_json

router = APIRouter(prefix="/sandbox/api/{bot}/shop")

MAX_WAIT_SECONDS = 60.0
EVENTS = (
    *("payment.waiting_for_capture", "payment.succeeded", "payment.canceled", "refund.succeeded"),
    "payment_method.active",
)
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
    """Either `body`, any JSON, or `raw`, any text."""

    model_config = ConfigDict(extra="forbid")

    body: JsonObject | list[object] | None = None
    raw: str | None = None
    headers: dict[str, str] = {}


class Again(BaseModel):
    times: int = Field(default=1, ge=1, le=1000)


@router.get("/faults")
async def faults_list(shop: OneShop) -> list[JsonObject]:
    return [asdict(fault) for fault in shop.faults.armed()]


@router.post("/faults", status_code=201)
async def fault_new(body: NewFault, shop: OneShop) -> JsonObject:
    names = EVENTS if body.kind in NOTIFICATION_FAULTS else NAMES
    if body.on not in ("*", *names):
        raise HTTPException(400, f"on is one of *, {', '.join(names)}")
    shop.faults.add(ShopFault(**body.model_dump()))
    return body.model_dump()


@router.delete("/faults")
async def faults_clear(shop: OneShop) -> JsonObject:
    shop.faults.clear()
    return {}


@router.get("/webhooks")
async def webhooks(
    shop: OneShop, after: int = 0, wait: Wait = 0.0, limit: Annotated[int, Query(ge=1)] = 1000
) -> list[JsonObject]:
    """The newest `limit`, oldest first; `wait` for those on their way."""
    await shop.notifier.settled(wait)
    return [notification.view() for notification in shop.notifier.after(after)[-limit:]]


@router.post("/webhooks/{n}/send")
async def webhook_again(n: int, shop: OneShop, body: Again | None = None) -> JsonObject:
    notification = shop.notifier.get(n)
    if notification is None:
        raise HTTPException(404, f"there is no webhook {n}")
    times = body.times if body else 1
    attempts = len(notification.attempts) + times
    shop.notifier.send_again(notification, times)
    await shop.notifier.attempted(notification, attempts, MAX_WAIT_SECONDS)
    return notification.view()


@router.post("/notify", status_code=201)
async def notify(body: Forged, shop: OneShop) -> JsonObject:
    if (body.body is None) == (body.raw is None):
        raise HTTPException(400, "either body or raw is wanted")
    raw = to_json(body.body) if body.raw is None else body.raw.encode()
    notification = shop.notifier.forge(raw, body.headers)
    await shop.notifier.attempted(notification, 1, MAX_WAIT_SECONDS)
    return notification.view()


@router.get("/log")
async def log(shop: OneShop, call: str | None = None, after: int = 0) -> list[JsonObject]:
    return shop.calls.find(call=call, after=after)
