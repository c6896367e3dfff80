"""`/packages` and `/payments`: credits for money. A payment is begun here and paid at a page of whoever takes the
money; how it stands is asked, or told by a webhook."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid5

import structlog
from fastapi import Query, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from services.idempotency import KeyReused
from services.money import AmountOutOfBounds
from services.money import Money as Sum
from services.payments.packages import PackageGone, PackageView
from services.payments.pricing import CurrencyNotTaken, PaymentsOff, WayNotOffered
from services.payments.providers.base import ProviderError, ResultUnknown
from services.payments.providers.titles import provider_title
from services.payments.queries import PaymentNotFound, PaymentView
from services.payments.service import Payments
from services.payments.topup import EmailNeeded, TopUpRequest
from services.users.accounts import BadEmail, parse_email
from web.api.callers import Caller, MayPay, MayRead
from web.api.describing import Responses, refuses
from web.api.lists import Cursor, Limit, Listed, listed, read_uuid
from web.api.money import Money, money_told
from web.api.routes import SaleKey, make_router
from web.api.texts import ReceiptAddress

log = structlog.get_logger()
router = make_router("payments")
SALES: Final = UUID("3f9f2d7a-6a0b-4c55-8f29-0f7f8d1f3a11")
WEB_ADDRESS: Final = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][!-\[\]-~]*)?$"
ONE_OF_BOTH: Final[list[JsonValue]] = [
    {"properties": {name: {"type": "integer"}}, "required": [name]} for name in ("amount", "package_id")
]


class CreditPackage(BaseModel):
    """Credits at a fixed price."""

    id: int
    title: str
    credits: int = Field(description="In hundredths.", examples=[10000])
    price: Money
    valid_days: int | None = Field(description="How long the credits last; null: without an end.")


class WayOfPaying(BaseModel):
    """Who takes the money, and how much of it."""

    provider: str = Field(examples=["yookassa"])
    title: str
    currency: Currency
    least: int = Field(description="In kopecks, or whole Stars.", examples=[1000])
    most: int
    credit_price: float = Field(description="Of one credit, in the same units.", examples=[1000])
    wants_email: bool = Field(description="A receipt is sent, so an address is wanted.")


class TopUpOrder(BaseModel):
    """A package, or an amount of money."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"amount": 30000}, {"package_id": 1}], "oneOf": ONE_OF_BOTH}
    )

    package_id: int | None = Field(default=None, strict=True, ge=1, le=2**53)
    amount: int | None = Field(
        default=None, strict=True, ge=1, le=2**53, description="In kopecks, or whole Stars.", examples=[30000]
    )
    provider: str | None = Field(default=None, max_length=32, description="Of `/payments/ways`; null: the first one.")
    email: ReceiptAddress | None = Field(
        default=None, description="Where the receipt goes, if not to the address of `/me`."
    )
    return_url: str | None = Field(
        default=None, max_length=255, pattern=WEB_ADDRESS, description="Where the payer is led when it is done."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "TopUpOrder":
        if (self.package_id is None) == (self.amount is None):
            raise ValueError("either package_id or amount is wanted")
        return self


class PaymentState(BaseModel):
    """A payment as it stands."""

    id: UUID
    url: str
    status: PaymentStatus
    provider: str
    package_id: int | None
    plan_id: int | None = Field(description="It pays for a period of that plan.")
    price: Money
    credits: int = Field(description="What it brings, in hundredths.", examples=[3000])
    valid_days: int | None
    confirmation_url: str | None = Field(
        description="Where it is paid; null while whoever takes the money has not told it. Open it in a browser."
    )
    cancel_reason: str | None
    test: bool = Field(description="No money moves.")
    created_at: datetime
    paid_at: datetime | None


WAITS: Final[Responses] = {202: {"model": PaymentState, "description": "It has no address yet"}}
NOT_BEGUN: Final = refuses(
    PackageGone, AmountOutOfBounds, CurrencyNotTaken, WayNotOffered, EmailNeeded, BadEmail, ProviderError, PaymentsOff
)


@router.get("/packages", operation_id="listPackages", summary="What credits cost together")
async def list_packages(who: MayRead) -> Listed[CreditPackage]:
    """All that are on sale."""
    found = await who.site.services.packages.on_sale(who.user.id)
    return listed([_package(who, each) for each in found], has_more=False, last=None)


@router.get("/payments/ways", operation_id="listWaysOfPaying", summary="How to pay")
async def list_ways_of_paying(who: MayRead) -> Listed[WayOfPaying]:
    """Nothing where this shop takes no money."""
    payments = who.site.services.payments
    ways = [] if payments is None else _ways(who, payments)
    return listed(ways, has_more=False, last=None)


@router.post(
    "/payments",
    operation_id="createPayment",
    summary="Buy credits",
    status_code=201,
    response_model=PaymentState,
    responses={**WAITS, **NOT_BEGUN},
)
async def create_payment(who: MayPay, order: TopUpOrder, key: SaleKey) -> Response:
    """Lead the payer to `confirmation_url`. 202 where whoever takes the money does not answer right now: the payment
    exists then, and `GET /payments/{payment_id}` has its address soon."""
    payments = _taken(who)
    merchant = payments.accounts.offered(order.provider).merchant
    payment_id = uuid5(SALES, f"{who.user.id}:{key}")
    wish = TopUpRequest(
        id=payment_id,
        user_id=who.user.id,
        email=who.user.email if order.email is None else parse_email(order.email),
        return_url=order.return_url or way_back(who, payment_id),
        amount=None if order.amount is None else Sum(order.amount, merchant.currency),
        package_id=order.package_id,
        provider=merchant.provider,
    )
    try:
        payment = await payments.topup.start(wish)
    except ResultUnknown as error:
        log.warning("payment_waits_for_provider", payment_id=str(payment_id), code=error.code)
        payment = await who.site.services.payment_queries.get(payment_id, user_id=who.user.id)
    if (payment.package_id, payment.amount.minor) != (order.package_id, order.amount or payment.amount.minor):
        raise KeyReused()
    return begun(who, payment)


@router.get(
    "/payments",
    operation_id="listPayments",
    summary="Your payments",
    responses=refuses(PaymentNotFound),
)
async def list_payments(
    who: MayRead,
    limit: Limit = 20,
    cursor: Cursor = None,
    status: Annotated[PaymentStatus | None, Query(description="In one state alone.")] = None,
) -> Listed[PaymentState]:
    queries = who.site.services.payment_queries
    found = await queries.after(who.user.id, read_uuid(cursor), limit, status=status)
    last = found.items[-1].id if found.items else None
    return listed([payment_told(who, each) for each in found.items], has_more=found.has_more, last=last)


@router.get(
    "/payments/{payment_id}",
    operation_id="getPayment",
    summary="How a payment stands",
    responses=refuses(PaymentNotFound),
)
async def get_payment(who: MayRead, payment_id: UUID) -> PaymentState:
    """Ask every few seconds while somebody pays. The credits are there as soon as it has succeeded."""
    services = who.site.services
    if services.payments is None:
        return payment_told(who, await services.payment_queries.get(payment_id, user_id=who.user.id))
    return payment_told(who, await services.payments.settlement.look(payment_id, user_id=who.user.id))


def begun(who: Caller, payment: PaymentView) -> Response:
    told = payment_told(who, payment)
    status = 202 if payment.is_open and payment.confirmation_url is None else 201
    return JSONResponse(jsonable_encoder(told), status, {"location": told.url})


def _taken(who: Caller) -> Payments:
    """Raises `PaymentsOff`."""
    if (payments := who.site.services.payments) is None:
        raise PaymentsOff()
    return payments


def way_back(who: Caller, payment_id: UUID) -> str:
    """To the payment's page, or to the bot."""
    if who.site.public_url is not None:
        return f"{who.site.public_url}/payments/{payment_id}"
    return f"{who.site.telegram_links}/{who.site.bot_username() or ''}"


def _ways(who: Caller, payments: Payments) -> list[WayOfPaying]:
    return [
        WayOfPaying(
            provider=account.merchant.provider,
            title=who.tr.gettext(provider_title(account.merchant.provider)),
            currency=account.merchant.currency,
            least=price.low.minor,
            most=price.high.minor,
            credit_price=float(price.minor),
            wants_email=account.merchant.receipts,
        )
        for account in payments.accounts
        if (price := payments.pricing.get(account.merchant.currency)) is not None
    ]


def _package(who: Caller, package: PackageView) -> CreditPackage:
    return CreditPackage(
        id=package.id,
        title=who.tr.pick(package.title),
        credits=package.credits,
        price=money_told(package.price),
        valid_days=package.valid_days,
    )


def payment_told(who: Caller, payment: PaymentView) -> PaymentState:
    return PaymentState(
        id=payment.id,
        url=f"{who.site.public_url or ''}/api/v1/payments/{payment.id}",
        status=payment.status,
        provider=payment.provider,
        package_id=payment.package_id,
        plan_id=payment.plan_id,
        price=money_told(payment.amount),
        credits=payment.credits,
        valid_days=payment.valid_days,
        confirmation_url=payment.confirmation_url if payment.is_open else None,
        cancel_reason=payment.cancel_reason,
        test=payment.test,
        created_at=payment.created_at,
        paid_at=payment.paid_at,
    )
