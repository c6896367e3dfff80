"""`/plans`: what is sold by the period. A plan is paid at a page of whoever takes the money, as credits are."""

from datetime import datetime
from typing import Final, Self
from uuid import UUID, uuid5

import structlog
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from db.tables.plans import AllowanceUnit
from services.idempotency import KeyReused
from services.money import Money as Sum
from services.payments.pricing import CurrencyNotTaken, PaymentsOff, WayNotOffered
from services.payments.providers.base import ProviderError, ResultUnknown
from services.payments.providers.titles import provider_title
from services.payments.topup import EmailNeeded
from services.plans.changes import BeginsLater
from services.plans.checkout import PlanCheckout, PlanOrder, PlanWay
from services.plans.consent import consent_text
from services.plans.methods import MethodGone
from services.plans.next_payment import RenewalUnderWay
from services.plans.plans import OtherPrice, OtherTerms, PlanGone, PlanView
from services.plans.replacing import RefundUnderWay, RestUnpriced
from services.plans.trials import AlreadySubscribed, TrialUsed
from services.users.accounts import BadEmail, parse_email
from web.api.callers import Caller, MayPay, MayRead
from web.api.describing import refuses
from web.api.lists import Listed, listed
from web.api.money import Money, money_told
from web.api.payments import WAITS, WEB_ADDRESS, PaymentState, begun, way_back
from web.api.routes import SaleKey, make_router
from web.api.texts import ReceiptAddress
from web.kit.row_ids import RowId

log = structlog.get_logger()
router = make_router("plans")
SALES: Final = UUID("b7a7c3de-5f7c-4d62-9d0b-0b6d6c1f0e21")


class Allowance(BaseModel):
    """So much in each period, before any credits are spent."""

    unit: AllowanceUnit
    amount: int
    models: list[str] = Field(description="Of these models and assistants; empty: of all.")


class SoldPlan(BaseModel):
    """A plan. The free one, which needs no payment, is everybody's who has no other."""

    id: int
    name: str = Field(description="For programs.", examples=["plus"])
    title: str
    description: str
    months: int = Field(description="Of a period.")
    credits: int = Field(description="Of a period, in hundredths; they end with it.", examples=[50000])
    discount_percent: int = Field(description="Off packages.")
    trial_days: int
    is_free: bool
    prices: list[Money] = Field(description="Of a period, for new subscribers.")
    allowances: list[Allowance]
    terms: str = Field(description="A mark of what a period gives; another one when that changes.")


class PlanPayment(BaseModel):
    """One way of paying for a period now."""

    provider: str = Field(examples=["yookassa"])
    title: str
    price: Money
    consent: str | None = Field(
        description="To be shown with a tick to whoever pays: what is charged again, and when. null: nothing can be."
    )
    wants_email: bool = Field(description="A receipt is sent, so an address is wanted.")
    method_id: UUID | None = Field(
        description="A saved way of paying (`GET /payment-methods`) that can be charged at once. null: there is none."
    )


class PlanQuote(BaseModel):
    """What choosing a plan would mean now."""

    at_once: bool = Field(description="It begins when it is paid; else when the present period ends, without paying.")
    starts_at: datetime
    returned: int = Field(description="Hundredths of a credit that come back for what is left of the present plan.")
    renews: bool = Field(description="It would pay for the next period of the present subscription.")
    ways: list[PlanPayment] = Field(description="Empty where nothing has to be paid now.")
    by_hand: bool = Field(
        default=False,
        description="Telegram charges the present plan by itself and is told to stop with the choice: the next period "
        "is paid by hand, also where the choice is taken back.",
    )


class SubscriptionOrder(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"provider": "yookassa", "price": 49000, "consent": True}]}
    )

    provider: str | None = Field(default=None, max_length=32, description="Of the quote; null: the first one.")
    price: int | None = Field(
        default=None, strict=True, ge=1, le=2**53, description="As it was shown; another one now is a problem."
    )
    terms: str | None = Field(
        default=None, max_length=64, description="Of the plan as it was shown; another one now is a problem."
    )
    consent: bool = Field(
        default=False,
        strict=True,
        description="Whoever pays has ticked the consent of the quote: the way of paying is kept and charged again.",
    )
    method_id: UUID | None = Field(
        default=None, description="Of the quote: it is charged at once, without a page. Only with `consent`."
    )
    email: ReceiptAddress | None = Field(
        default=None, description="Where the receipt goes, if not to the address of `/me`."
    )
    return_url: str | None = Field(
        default=None, max_length=255, pattern=WEB_ADDRESS, description="Where the payer is led when it is done."
    )

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.method_id is not None and not self.consent:
            raise ValueError("method_id needs consent")
        return self


NOT_BOUGHT: Final = (PlanGone, AlreadySubscribed, RenewalUnderWay, RefundUnderWay, RestUnpriced, PaymentsOff)


@router.get("/plans", operation_id="listPlans", summary="What is sold by the period")
async def list_plans(who: MayRead) -> Listed[SoldPlan]:
    """All that are on sale."""
    found = await who.site.services.plans.on_sale()
    return listed([plan_told(who, each) for each in found], has_more=False, last=None)


@router.get(
    "/plans/{plan_id}/quote",
    operation_id="quotePlan",
    summary="What choosing a plan would mean",
    responses=refuses(*NOT_BOUGHT),
)
async def quote_plan(who: MayRead, plan_id: RowId) -> PlanQuote:
    """Prices, the words to agree to, and what comes back of the present plan."""
    services, checkout = who.site.services, _taken(who)
    quote = await services.subscriptions.quote_change(who.user.id, plan_id)
    try:
        ways = await checkout.ways(who.user.id, plan_id)
    except BeginsLater:
        return PlanQuote(
            at_once=False, starts_at=quote.starts_at, returned=0, renews=False, ways=[], by_hand=quote.by_hand
        )
    plan = await services.plans.get(plan_id)
    renews = any(way.renews for way in ways)
    return PlanQuote(
        at_once=quote.at_once,
        starts_at=quote.starts_at,
        returned=0 if renews else quote.returned,
        renews=renews,
        ways=[_way(who, plan, way) for way in ways],
    )


@router.post(
    "/plans/{plan_id}/payments",
    operation_id="subscribe",
    summary="Pay for a plan",
    status_code=201,
    response_model=PaymentState,
    responses={
        **WAITS,
        **refuses(
            *NOT_BOUGHT,
            OtherPrice,
            OtherTerms,
            MethodGone,
            BeginsLater,
            CurrencyNotTaken,
            WayNotOffered,
            EmailNeeded,
            BadEmail,
            ProviderError,
        ),
    },
)
async def subscribe(who: MayPay, plan_id: RowId, order: SubscriptionOrder, key: SaleKey) -> Response:
    """A period, or the next one of the present subscription. Lead the payer to `confirmation_url`; with `method_id` the
    answer says what came of the charge. 202 where whoever
    takes the money does not answer right now: `GET /payments/{payment_id}` has its address soon. A plan that costs
    less than the present one begins later: `POST /subscription/plan`."""
    checkout, payments = _taken(who), who.site.services.payments
    assert payments is not None  # it has the checkout
    merchant = payments.accounts.offered(order.provider).merchant
    payment_id = uuid5(SALES, f"{who.user.id}:{key}")
    wanted = PlanOrder(
        id=payment_id,
        user_id=who.user.id,
        plan_id=plan_id,
        email=who.user.email if order.email is None else parse_email(order.email),
        return_url=order.return_url or way_back(who, payment_id),
        consent=order.consent,
        provider=merchant.provider,
        shown=None if order.price is None else Sum(order.price, merchant.currency),
        terms=order.terms,
        method_id=order.method_id,
    )
    try:
        payment = await checkout.start(wanted)
    except ResultUnknown as error:
        log.warning("payment_waits_for_provider", payment_id=str(payment_id), code=error.code)
        payment = await who.site.services.payment_queries.get(payment_id, user_id=who.user.id)
    if (payment.plan_id, payment.provider) != (plan_id, merchant.provider):
        raise KeyReused()
    return begun(who, payment)


@router.post(
    "/plans/{plan_id}/trial",
    operation_id="tryPlan",
    summary="Try a plan without paying",
    status_code=204,
    responses=refuses(PlanGone, TrialUsed, AlreadySubscribed),
)
async def try_plan(who: MayPay, plan_id: RowId) -> None:
    """Once for a person; nothing is charged when it ends. `GET /subscription` has it then."""
    await who.site.services.subscriptions.start_trial(who.user.id, plan_id)


def plan_told(who: Caller, plan: PlanView) -> SoldPlan:
    return SoldPlan(
        id=plan.id,
        name=plan.name,
        title=who.tr.pick(plan.title),
        description=who.tr.pick(plan.description) if plan.description else "",
        months=plan.months,
        credits=plan.credits,
        discount_percent=plan.discount_percent,
        trial_days=plan.trial_days,
        is_free=plan.is_free,
        prices=[money_told(price) for price in plan.prices.values()],
        allowances=[Allowance(unit=each.unit, amount=each.amount, models=list(each.slugs)) for each in plan.allowances],
        terms=plan.terms,
    )


def _way(who: Caller, plan: PlanView, way: PlanWay) -> PlanPayment:
    return PlanPayment(
        provider=way.provider,
        title=who.tr.gettext(provider_title(way.provider)),
        price=money_told(way.price),
        consent=consent_text(way.price, plan.months, who.tr.language) if way.can_be_kept else None,
        wants_email=way.receipts,
        method_id=None if way.saved is None else way.saved.id,
    )


def _taken(who: Caller) -> PlanCheckout:
    """Raises `PaymentsOff`."""
    if (checkout := who.site.services.plan_checkout) is None:
        raise PaymentsOff()
    return checkout
