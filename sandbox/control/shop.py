"""The world's shop at YooKassa: its settings, its payments, and what their payers do."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import AllShops, OneShop
from sandbox.yookassa.errors import ApiError
from sandbox.yookassa.payments import Method, Payment
from sandbox.yookassa.shop import DECLINES, Shop
from sandbox.yookassa.wire import JsonObject, kopecks_of, to_json

router = APIRouter(prefix="/sandbox/api/{bot}/shop")

AMOUNT = r"^[0-9]{1,9}(\.[0-9]{1,2})?$"


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ShopChange(Given):
    name: str | None = Field(default=None, min_length=1)
    shop_id: str | None = Field(default=None, pattern=r"^[0-9]{1,20}$")
    secret_key: str | None = Field(default=None, min_length=1)
    webhook_url: str | None = Field(default=None, pattern=r"^https?://")
    test: bool | None = None
    receipts_required: bool | None = None
    autopay: bool | None = None


class PaymentChange(Given):
    """What YooKassa would never do to a payment."""

    amount: str | None = Field(default=None, pattern=AMOUNT)
    currency: str | None = Field(default=None, min_length=3, max_length=3)
    test: bool | None = None
    account_id: str | None = None
    metadata: dict[str, str] | None = None


class Paying(Given):
    method: Literal["card", "sbp"] = "card"
    force: bool = False
    """Pay what is canceled or expired as well."""


class Declining(Given):
    reason: str = "insufficient_funds"


class MethodChange(Given):
    """What charges without the owner meet from now on."""

    declines: str | None = None
    waits: bool = False


class Refunding(Given):
    amount: str | None = Field(default=None, pattern=AMOUNT)
    """All that is left, if none."""
    description: str | None = None


def view(shop: Shop) -> JsonObject:
    given = shop.settings
    return {
        "name": given.name,
        "shop_id": given.shop_id,
        "secret_key": given.secret_key,
        "webhook_url": shop.notifier.url,
        "test": given.test,
        "receipts_required": given.receipts_required,
        "autopay": given.autopay,
        "api_url": "/yookassa/v3",
        "decline_reasons": list(DECLINES),
    }


@router.get("")
async def shop_one(shop: OneShop) -> JsonObject:
    return view(shop)


@router.patch("")
async def shop_change(body: ShopChange, shop: OneShop, shops: AllShops) -> JsonObject:
    changes: dict[str, Any] = {name: getattr(body, name) for name in body.model_fields_set}  # Any: fields of Settings
    if "webhook_url" in changes:
        shop.notifier.url = changes.pop("webhook_url")
    if "shop_id" in changes and shops.by_id(changes["shop_id"]) not in (None, shop):
        raise HTTPException(409, f"another world's shop is {changes['shop_id']}")
    for name, value in changes.items():
        if value is not None:
            setattr(shop.settings, name, value)
    return view(shop)


@router.get("/payments")
async def payments(shop: OneShop, limit: Annotated[int, Query(ge=1, le=10_000)] = 50) -> Response:
    """Newest first."""
    found = [payment.view() for payment in reversed(shop.by_number[-limit:])]
    return Response(to_json(found), media_type="application/json")


@router.get("/refunds")
async def refunds(shop: OneShop, limit: Annotated[int, Query(ge=1, le=10_000)] = 50) -> Response:
    """Newest first."""
    found = [refund.view() for refund in reversed(shop.refunds_by_number[-limit:])]
    return Response(to_json(found), media_type="application/json")


@router.get("/payments/{payment_id}")
async def payment_one(payment_id: str, shop: OneShop) -> JsonObject:
    return find(shop, payment_id).view()


@router.patch("/payments/{payment_id}")
async def payment_change(payment_id: str, body: PaymentChange, shop: OneShop) -> JsonObject:
    payment = find(shop, payment_id)
    for name in body.model_fields_set:
        value = getattr(body, name)
        if value is not None:
            setattr(payment, name, kopecks_of(value) if name == "amount" else value)
    return payment.view()


@router.post("/payments/{payment_id}/pay")
async def pay(payment_id: str, shop: OneShop, body: Paying | None = None) -> JsonObject:
    body = body or Paying()
    payment = find(shop, payment_id)
    if payment.status != "pending" and not (body.force and payment.status == "canceled"):
        raise HTTPException(409, f"the payment is {payment.status}")
    try:
        shop.pay(payment, "sbp" if body.method == "sbp" else "bank_card")
    except ApiError as error:
        raise HTTPException(400, str(error)) from error
    return payment.view()


@router.post("/payments/{payment_id}/decline")
async def decline(payment_id: str, shop: OneShop, body: Declining | None = None) -> JsonObject:
    body = body or Declining()
    if body.reason not in DECLINES:
        raise HTTPException(400, f"a reason is one of {', '.join(DECLINES)}")
    payment = find_pending(shop, payment_id)
    shop.cancel(payment, body.reason)
    return payment.view()


@router.post("/payments/{payment_id}/leave")
async def leave(payment_id: str, shop: OneShop) -> JsonObject:
    """The payer goes away without paying: nothing happens until the link expires."""
    return find_pending(shop, payment_id).view()


@router.post("/payments/{payment_id}/expire")
async def expire(payment_id: str, shop: OneShop) -> JsonObject:
    """As if the hour of the link, or the days of the hold, were over."""
    payment = find(shop, payment_id)
    if payment.status not in ("pending", "waiting_for_capture"):
        raise HTTPException(409, f"the payment is {payment.status}")
    shop.cancel(payment, "expired_on_confirmation" if payment.status == "pending" else "expired_on_capture")
    return payment.view()


@router.post("/payments/{payment_id}/refund", status_code=201)
async def refund(payment_id: str, shop: OneShop, body: Refunding | None = None) -> JsonObject:
    """Made by the owner in YooKassa's own cabinet."""
    body = body or Refunding()
    payment = find(shop, payment_id)
    amount = kopecks_of(body.amount) if body.amount else payment.left
    if payment.status == "succeeded" and not amount:
        raise HTTPException(409, "nothing is left to refund")
    try:
        return shop.refund(payment, amount, description=body.description).view()
    except ApiError as error:
        raise HTTPException(409, str(error)) from error


@router.get("/methods")
async def methods(shop: OneShop) -> list[JsonObject]:
    """Saved ones, oldest first."""
    return [method_view(method) for method in shop.methods.values()]


@router.patch("/methods/{method_id}")
async def method_change(method_id: str, body: MethodChange, shop: OneShop) -> JsonObject:
    method = find_method(shop, method_id)
    if body.declines is not None and body.declines not in DECLINES:
        raise HTTPException(400, f"a reason is one of {', '.join(DECLINES)}")
    method.declines = body.declines
    method.waits = body.waits
    return method_view(method)


@router.delete("/methods/{method_id}")
async def method_gone(method_id: str, shop: OneShop) -> JsonObject:
    """YooKassa knows it no more. The shop itself has no such call."""
    return method_view(shop.methods.pop(find_method(shop, method_id).id))


def method_view(method: Method) -> JsonObject:
    return method.view() | {"declines": method.declines, "waits": method.waits}


def find_method(shop: Shop, method_id: str) -> Method:
    method = next(reversed(shop.methods.values()), None) if method_id == "last" else shop.methods.get(method_id)
    if method is None:
        raise HTTPException(404, f"there is no saved method {method_id}")
    return method


def find(shop: Shop, payment_id: str) -> Payment:
    payment = shop.last if payment_id == "last" else shop.payments.get(payment_id)
    if payment is None:
        raise HTTPException(404, f"there is no payment {payment_id}")
    return payment


def find_pending(shop: Shop, payment_id: str) -> Payment:
    payment = find(shop, payment_id)
    if payment.status != "pending":
        raise HTTPException(409, f"the payment is {payment.status}")
    return payment
