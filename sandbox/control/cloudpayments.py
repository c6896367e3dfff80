"""The world's site at CloudPayments: its settings, its money, and what payers and their banks do."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.cloudpayments.cards import DEFAULT_CARD, REASONS, card_of
from sandbox.cloudpayments.notices import KINDS, Kind
from sandbox.cloudpayments.operations import Order, Token, Transaction
from sandbox.cloudpayments.paying import pay as try_to_pay
from sandbox.cloudpayments.paying import secure
from sandbox.cloudpayments.site import Site, Unable
from sandbox.cloudpayments.wire import JsonObject, to_json
from sandbox.control.deps import AllSites, OneSite

router = APIRouter(prefix="/sandbox/api/{bot}/cloudpayments")

AMOUNT = r"^[0-9]{1,9}\.[0-9]{2}$"
LAST = "last"


class Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SiteChange(Given):
    """`webhook_url`: every kind is sent to `<webhook_url>/<kind>`; `off`: but for these."""

    name: str | None = Field(default=None, min_length=1)
    public_id: str | None = Field(default=None, min_length=1)
    api_secret: str | None = Field(default=None, min_length=1)
    test: bool | None = None
    saves_cards: bool | None = None
    format: Literal["form", "json"] | None = None
    webhook_url: str | None = Field(default=None, pattern=r"^https?://")
    off: list[Kind] | None = None


class Paying(Given):
    card: str = Field(default=DEFAULT_CARD, pattern=r"^[0-9]{16,19}$")
    code: int | None = None
    """What the bank declines with; the card's own answer if none."""
    secure: bool | None = True
    """Whether the payer passes 3-D Secure; none: goes away before that."""
    force: bool = False
    """Pay what is paid or cancelled as well."""


class Securing(Given):
    passed: bool = True


class Refunding(Given):
    amount: str | None = Field(default=None, pattern=AMOUNT)
    """All that is left, if none."""


class TokenChange(Given):
    declines: int


class TransactionChange(Given):
    """What CloudPayments would never do to a transaction."""

    amount: str | None = Field(default=None, pattern=AMOUNT)
    currency: str | None = Field(default=None, min_length=3, max_length=3)
    test: bool | None = None
    public_id: str | None = None
    invoice: str | None = None
    data: str | None = None


def view(site: Site) -> JsonObject:
    return {
        "name": site.settings.name,
        "public_id": site.settings.public_id,
        "api_secret": site.secret,
        "test": site.settings.test,
        "saves_cards": site.settings.saves_cards,
        "format": site.notifier.format,
        "notifications": {kind: site.notifier.settings[kind].model() for kind in KINDS},
        "api_url": "/cloudpayments/api",
        "codes": list(REASONS),
    }


@router.get("")
async def site_one(site: OneSite) -> JsonObject:
    return view(site)


@router.patch("")
async def site_change(body: SiteChange, site: OneSite, sites: AllSites) -> JsonObject:
    if body.public_id is not None and sites.by_id(body.public_id) not in (None, site):
        raise HTTPException(409, f"another world's site is {body.public_id}")
    for name in ("name", "public_id", "test", "saves_cards"):
        if (value := getattr(body, name)) is not None:
            setattr(site.settings, name, value)
    notifier = site.notifier
    notifier.secret = body.api_secret or notifier.secret
    notifier.format = body.format or notifier.format
    for kind in KINDS:
        kept = notifier.settings[kind]
        if body.webhook_url is not None:
            kept.enabled, kept.address = True, f"{body.webhook_url.rstrip('/')}/{kind}"
        if body.off is not None:
            kept.enabled = bool(kept.address) and kind not in body.off
    return view(site)


@router.get("/orders")
async def orders(site: OneSite, limit: Annotated[int, Query(ge=1, le=10_000)] = 50) -> Response:
    """Newest first."""
    return _answer([order_view(each) for each in list(site.orders.values())[: -limit - 1 : -1]])


@router.get("/orders/{order_id}")
async def order_one(order_id: str, site: OneSite) -> Response:
    return _answer(order_view(find_order(site, order_id)))


@router.post("/orders/{order_id}/pay")
async def pay(order_id: str, site: OneSite, body: Paying | None = None) -> Response:
    body = body or Paying()
    order = find_order(site, order_id)
    if order.status != "Created" and not body.force:
        raise HTTPException(409, f"the order is {order.status}")
    made = await try_to_pay(site, order, card_of(body.card), code=body.code)
    if made.status == "AwaitingAuthentication" and body.secure is not None:
        secure(site, made, is_passed=body.secure)
    return _answer(made.model())


@router.get("/transactions")
async def transactions(site: OneSite, limit: Annotated[int, Query(ge=1, le=10_000)] = 50) -> Response:
    """Newest first."""
    return _answer([each.model() for each in list(site.transactions.values())[: -limit - 1 : -1]])


@router.get("/transactions/{number}")
async def transaction_one(number: str, site: OneSite) -> Response:
    return _answer(find_transaction(site, number).model())


@router.patch("/transactions/{number}")
async def transaction_change(number: str, body: TransactionChange, site: OneSite) -> Response:
    transaction = find_transaction(site, number)
    for name in body.model_fields_set:
        value = getattr(body, name)
        if value is not None:
            setattr(transaction, name, kopecks_of(value) if name == "amount" else value)
    return _answer(transaction.model())


@router.post("/transactions/{number}/secure")
async def transaction_secure(number: str, site: OneSite, body: Securing | None = None) -> Response:
    """The payer comes back to the bank's page."""
    transaction = find_transaction(site, number)
    if transaction.status != "AwaitingAuthentication":
        raise HTTPException(409, f"the transaction is {transaction.status}")
    secure(site, transaction, is_passed=body is None or body.passed)
    return _answer(transaction.model())


@router.post("/transactions/{number}/refund", status_code=201)
async def refund(number: str, site: OneSite, body: Refunding | None = None) -> Response:
    """Made by the owner in CloudPayments' own cabinet."""
    payment = find_payment(site, number)
    amount = kopecks_of(body.amount) if body and body.amount else payment.left
    return _given_back(lambda: site.refund(payment, amount))


@router.post("/transactions/{number}/chargeback", status_code=201)
async def chargeback(number: str, site: OneSite) -> Response:
    payment = find_payment(site, number)
    return _given_back(lambda: site.charge_back(payment))


@router.get("/tokens")
async def tokens(site: OneSite) -> list[JsonObject]:
    """Oldest first."""
    return [token.view() for token in site.tokens.values()]


@router.patch("/tokens/{token}")
async def token_change(token: str, body: TokenChange, site: OneSite) -> JsonObject:
    """What its bank says from now on: 0 or a code. What it said before is forgotten."""
    kept = find_token(site, token)
    if body.declines and body.declines not in REASONS:
        raise HTTPException(400, f"a code is one of {', '.join(map(str, REASONS))}")
    kept.declines, kept.refused_for_good = body.declines, 0
    kept.tries.clear()
    return kept.view()


@router.delete("/tokens/{token}")
async def token_gone(token: str, site: OneSite) -> JsonObject:
    return site.tokens.pop(find_token(site, token).token).view()


def order_view(order: Order) -> JsonObject:
    return order.model() | {"InvoiceId": order.invoice, "AccountId": order.account, "JsonData": order.data}


def find_order(site: Site, order_id: str) -> Order:
    order = next(reversed(site.orders.values()), None) if order_id == LAST else site.orders.get(order_id)
    if order is None:
        raise HTTPException(404, f"there is no order {order_id}")
    return order


def find_transaction(site: Site, number: str) -> Transaction:
    last = next(reversed(site.transactions.values()), None)
    found = last if number == LAST else site.transactions.get(int(number)) if number.isdecimal() else None
    if found is None:
        raise HTTPException(404, f"there is no transaction {number}")
    return found


def find_payment(site: Site, number: str) -> Transaction:
    """`last`: of those that can be given back."""
    paid = (each for each in reversed(site.transactions.values()) if each.left)
    found = next(paid, None) if number == LAST else find_transaction(site, number)
    if found is None:
        raise HTTPException(404, "nothing was paid")
    return found


def find_token(site: Site, token: str) -> Token:
    found = next(reversed(site.tokens.values()), None) if token == LAST else site.tokens.get(token)
    if found is None:
        raise HTTPException(404, f"there is no token {token}")
    return found


def kopecks_of(value: str) -> int:
    return int(value.replace(".", ""))


def _given_back(act: Any) -> Response:  # Any: answers a Transaction
    try:
        return _answer(act().model(), status=201)
    except Unable as error:
        raise HTTPException(409, str(error)) from error


def _answer(told: Any, *, status: int = 200) -> Response:  # Any: JSON with exact numbers
    return Response(to_json(told), media_type="application/json", status_code=status)
