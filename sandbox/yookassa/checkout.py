"""The checkout, where the payer of a payment decides. It needs to know nothing but the payment's id."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.telegram.tme import page_of
from sandbox.yookassa.errors import ApiError
from sandbox.yookassa.payments import DEFAULT_CARD, Payment
from sandbox.yookassa.shop import DECLINES, LINK_SECONDS, MAX_KOPECKS, Shop, Shops
from sandbox.yookassa.wire import JsonObject, amount_of

router = APIRouter(prefix="/yookassa/checkout/{payment_id}")


class Card(BaseModel):
    model_config = ConfigDict(extra="forbid")

    method: Literal["card", "sbp"] = "card"
    number: str = Field(default=DEFAULT_CARD, pattern=r"^[0-9]{16,19}$")


class Refusal(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = "insufficient_funds"


async def get_payment(payment_id: str, request: Request) -> tuple[Shop, Payment]:
    shops = request.app.state.shops
    assert isinstance(shops, Shops)
    found = shops.payment(payment_id)
    if found is None:
        raise HTTPException(404, "there is no such payment")
    found[0].expire()
    return found


OnePayment = Annotated[tuple[Shop, Payment], Depends(get_payment)]


def way_back(payment: Payment, request: Request) -> str | None:
    """Where the payer goes on: Telegram's address of a bot that lives here is its chat on the page."""
    page = page_of(payment.return_url or "", request.app.state.worlds)
    return payment.return_url if page is None else f"{str(request.base_url).rstrip('/')}{page}"


def view(shop: Shop, payment: Payment, request: Request) -> JsonObject:
    methods = [payment.wanted] if payment.wanted else list(MAX_KOPECKS)
    return {
        "id": payment.id,
        "status": payment.status,
        "amount": amount_of(payment.amount, payment.currency),
        "description": payment.description,
        "shop": shop.settings.name,
        "test": payment.test,
        "locale": payment.locale,
        "methods": [kind for kind in methods if payment.amount <= MAX_KOPECKS[kind]],
        "reasons": list(DECLINES),
        "reason": payment.cancellation[1] if payment.cancellation else None,
        "return_url": way_back(payment, request),
        "seconds_left": max(0, round(payment.created_at + LINK_SECONDS - shop.clock.now())),
        "saves": payment.save_method,
    }


@router.get("")
async def page(payment_id: str, request: Request) -> Response:
    path = request.app.state.settings.static_dir / "checkout" / "index.html"
    return FileResponse(path, headers={"Cache-Control": "no-store"})


@router.get("/payment")
async def payment_now(found: OnePayment, request: Request) -> JsonObject:
    return view(*found, request)


@router.post("/pay")
async def pay(body: Card, found: OnePayment, request: Request) -> JsonObject:
    shop, payment = found
    _check_pending(payment)
    try:
        shop.pay(payment, "sbp" if body.method == "sbp" else "bank_card", card=body.number)
    except ApiError as error:
        raise HTTPException(400, str(error)) from error
    return view(shop, payment, request)


@router.post("/decline")
async def decline(body: Refusal, found: OnePayment, request: Request) -> JsonObject:
    shop, payment = found
    _check_pending(payment)
    if body.reason not in DECLINES:
        raise HTTPException(400, f"a reason is one of {', '.join(DECLINES)}")
    shop.cancel(payment, body.reason)
    return view(shop, payment, request)


def _check_pending(payment: Payment) -> None:
    if payment.status != "pending":
        raise HTTPException(409, f"the payment is {payment.status}")
