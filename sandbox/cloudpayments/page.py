"""The page of an order, where its payer decides. It needs to know nothing but the order's id."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudpayments.cards import DEFAULT_CARD, REASONS, TEST_CARDS, card_of
from sandbox.cloudpayments.operations import Order, Transaction
from sandbox.cloudpayments.paying import pay as try_to_pay
from sandbox.cloudpayments.paying import secure as end_secure
from sandbox.cloudpayments.site import Site, Sites
from sandbox.cloudpayments.wire import JsonObject, amount_of
from sandbox.telegram.tme import page_of

router = APIRouter(prefix="/cloudpayments/d/{order_id}")


class Paying(BaseModel):
    model_config = ConfigDict(extra="forbid")

    number: str = Field(default=DEFAULT_CARD, pattern=r"^[0-9]{16,19}$")
    code: int | None = None
    """What the bank declines with; the card's own answer if none."""


class Securing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    transaction: int
    passed: bool = True


async def get_order(order_id: str, request: Request) -> tuple[Site, Order]:
    sites = request.app.state.sites
    assert isinstance(sites, Sites)
    found = sites.order(order_id)
    if found is None:
        raise HTTPException(404, "there is no such order")
    return found


OneOrder = Annotated[tuple[Site, Order], Depends(get_order)]


def way_back(address: str | None, request: Request) -> str | None:
    """Telegram's address of a bot that lives here is its chat on the page."""
    page = page_of(address or "", request.app.state.worlds)
    return address if page is None else f"{str(request.base_url).rstrip('/')}{page}"


def view(site: Site, order: Order, request: Request, transaction: Transaction | None = None) -> JsonObject:
    is_asked = transaction is not None and transaction.status == "AwaitingAuthentication"
    return {
        "id": order.id,
        "status": order.status,
        "amount": {"value": amount_of(order.amount), "currency": order.currency},
        "description": order.description,
        "email": order.email,
        "shop": site.settings.name,
        "test": site.settings.test,
        "locale": order.culture,
        "held": order.two_stage,
        "cards": [{"number": card.number, "type": card.type} for card in TEST_CARDS],
        "codes": list(REASONS),
        "code": order.last_code,
        "secure": transaction.id if transaction is not None and is_asked else None,
        "return_url": way_back(order.success_url if order.status == "Paid" else order.fail_url, request),
    }


@router.get("")
async def page(order_id: str, request: Request) -> Response:
    path = request.app.state.settings.static_dir / "cloudpayments" / "index.html"
    return FileResponse(path, headers={"Cache-Control": "no-store"})


@router.get("/order")
async def order_now(found: OneOrder, request: Request) -> JsonObject:
    return view(*found, request)


@router.post("/pay")
async def pay(body: Paying, found: OneOrder, request: Request) -> JsonObject:
    site, order = found
    if order.status != "Created":
        raise HTTPException(409, f"the order is {order.status}")
    if body.code is not None and body.code not in REASONS:
        raise HTTPException(400, f"a code is one of {', '.join(map(str, REASONS))}")
    made = await try_to_pay(site, order, card_of(body.number), code=body.code)
    return view(site, order, request, made)


@router.post("/secure")
async def secure(body: Securing, found: OneOrder, request: Request) -> JsonObject:
    """The bank's page, where a code is typed in. It does not ask whether the order was cancelled meanwhile."""
    site, order = found
    made = site.transactions.get(body.transaction)
    if made is None or made.order is not order or made.status != "AwaitingAuthentication":
        raise HTTPException(409, "nobody asks for a code")
    end_secure(site, made, is_passed=body.passed)
    return view(site, order, request, made)
