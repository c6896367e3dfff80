"""`/subscription` and `/payment-methods`: a customer's plan, what is left of it, how it ends, saved cards."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit, MethodState, PeriodKind, SubscriptionStatus
from services.digits import whole_number
from services.money import Money as Sum
from services.plans.changes import BeginsAtOnce
from services.plans.endings import CannotResume, NoSubscription
from services.plans.methods import MethodGone, MethodView
from services.plans.next_payment import RenewalUnderWay
from services.plans.offers import PriceStays
from services.plans.plans import OtherPrice, PlanGone
from services.plans.subscriptions import PeriodView, SubscriptionView
from web.api.callers import Caller, MayPay, MayRead
from web.api.describing import refuses
from web.api.lists import Limit, Listed, PlaceCursor, listed
from web.api.money import Money, money_told
from web.api.plans import SoldPlan, plan_told
from web.api.routes import make_router

router = make_router("plans")
MOST_PAGES: Final = 100_000


class AllowanceLeft(BaseModel):
    unit: AllowanceUnit
    models: list[str] = Field(description="Of these models and assistants; empty: of all.")
    amount: int = Field(description="Of the period.")
    left: int


class NextCharge(BaseModel):
    """What will be taken without asking."""

    price: Money
    at: datetime


class SavedMethod(BaseModel):
    """A way of paying that its owner let the shop charge again."""

    id: UUID
    provider: str
    title: str = Field(description="As its owner knows it.", examples=["Visa •• 4242"])
    state: MethodState
    created_at: datetime


class SubscriptionState(BaseModel):
    """A plan as it runs."""

    plan: SoldPlan
    status: SubscriptionStatus = Field(description="`past_due`: it gives nothing until the next period is paid.")
    price: Money | None = Field(description="Agreed for a period; null: it is free.")
    starts_at: datetime = Field(description="Of the period that runs.")
    runs_until: datetime = Field(description="The end of the period that runs: what is left of it ends then.")
    ends_at: datetime = Field(description="Of all that is paid.")
    renews: bool = Field(description="The next period is charged by itself.")
    next_charge: NextCharge | None
    next_plan: SoldPlan | None = Field(description="Chosen, or paid already, for the next period.")
    next_price: Money | None
    decline_reason: str | None = Field(description="Of the last charge that did not succeed.")
    method: SavedMethod | None
    credits: int = Field(description="That the period gave, in hundredths.", examples=[50000])
    credits_left: int = Field(description="Of them, not spent yet.", examples=[12050])
    allowances: list[AllowanceLeft]


class SubscriptionStretch(BaseModel):
    """A period, paid or given."""

    plan: SoldPlan
    kind: PeriodKind
    price: Money | None
    payment_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None = Field(description="Where it ended before its time.")


class PlanChoice(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"plan_id": 1}]})

    plan_id: int = Field(strict=True, ge=1, le=2**53)


class AgreedPrice(BaseModel):
    """As it was shown."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"amount": 49000, "currency": "RUB"}]})

    amount: int = Field(strict=True, ge=1, le=2**53, description="In kopecks, or whole Stars.")
    currency: Currency


@router.get(
    "/subscription",
    operation_id="getSubscription",
    summary="Your plan",
    responses=refuses(NoSubscription),
)
async def get_subscription(who: MayRead) -> SubscriptionState:
    """The free one, too. 404 where there is none."""
    return await _state(who)


@router.get("/subscription/periods", operation_id="listPeriods", summary="Periods that you had")
async def list_periods(who: MayRead, limit: Limit = 20, cursor: PlaceCursor = "") -> Listed[SubscriptionStretch]:
    number = whole_number(cursor, most=MOST_PAGES) or 0
    found = await who.site.services.subscriptions.periods(who.user.id, number, limit)
    more = number + 1 < found.pages
    return listed([_period(who, each) for each in found.items], has_more=more, last=str(number + 1))


@router.post(
    "/subscription/cancel",
    operation_id="cancelSubscription",
    summary="Nothing is charged any more",
    status_code=204,
    responses=refuses(NoSubscription),
)
async def cancel(who: MayPay) -> None:
    """What is paid stays until its end; past due it ends at once."""
    await who.site.services.subscriptions.cancel(who.user.id)


@router.post(
    "/subscription/resume",
    operation_id="resumeSubscription",
    summary="It is renewed after all",
    status_code=204,
    responses=refuses(NoSubscription, CannotResume),
)
async def resume(who: MayPay) -> None:
    """By the method it had: you agree that it is charged the price of each period, until you cancel."""
    await who.site.services.subscriptions.resume(who.user.id)


@router.post(
    "/subscription/plan",
    operation_id="changePlan",
    summary="A cheaper plan for the next period",
    status_code=204,
    responses=refuses(NoSubscription, PlanGone, BeginsAtOnce, RenewalUnderWay),
)
async def change_plan(who: MayPay, choice: PlanChoice) -> None:
    """The present one takes that back. Where the plan is renewed by itself you agree that the saved method is charged
    the price of the chosen one for each period, until you cancel. A dearer one is paid: `POST
    /plans/{plan_id}/payments`."""
    await who.site.services.subscriptions.schedule(who.user.id, choice.plan_id)


@router.post(
    "/subscription/price",
    operation_id="agreeToPrice",
    summary="Agree to the plan's new price",
    status_code=204,
    responses=refuses(NoSubscription, PlanGone, OtherPrice, PriceStays),
)
async def agree_to_price(who: MayPay, price: AgreedPrice) -> None:
    """It is paid from the next period on, and a saved method charged it until you cancel; until somebody agrees they
    keep theirs."""
    await who.site.services.subscriptions.agree(who.user.id, Sum(price.amount, price.currency))


@router.get("/payment-methods", operation_id="listPaymentMethods", summary="Saved ways of paying")
async def list_payment_methods(who: MayRead) -> Listed[SavedMethod]:
    found = await who.site.services.payment_methods.of(who.user.id)
    return listed([_method(each) for each in found], has_more=False, last=None)


@router.delete(
    "/payment-methods/{method_id}",
    operation_id="removePaymentMethod",
    summary="Take a way of paying back",
    status_code=204,
    responses=refuses(MethodGone),
)
async def remove_payment_method(who: MayPay, method_id: UUID) -> None:
    """Nothing is charged from it any more; what is paid stays until its end."""
    await who.site.services.payment_methods.unlink(who.user.id, method_id)


async def _state(who: Caller) -> SubscriptionState:
    mine = await who.site.services.subscriptions.of(who.user.id)
    if mine is None:
        raise NoSubscription(user_id=who.user.id)
    return SubscriptionState(
        plan=plan_told(who, mine.plan),
        status=mine.status,
        price=_money(mine.price),
        starts_at=mine.starts_at,
        runs_until=mine.runs_until,
        ends_at=mine.ends_at,
        renews=mine.next_charge is not None,
        next_charge=_charge(mine),
        next_plan=None if (then := mine.scheduled or mine.paid_ahead) is None else plan_told(who, then),
        next_price=_money(mine.scheduled_price),
        decline_reason=mine.decline_reason,
        method=None if mine.method is None else _method(mine.method),
        credits=mine.credits,
        credits_left=mine.credits_left,
        allowances=[
            AllowanceLeft(unit=each.unit, models=list(each.slugs), amount=each.amount, left=each.left)
            for each in mine.allowances
        ],
    )


def _charge(mine: SubscriptionView) -> NextCharge | None:
    if mine.next_charge is None:
        return None
    price, at = mine.next_charge
    return NextCharge(price=money_told(price), at=at)


def _period(who: Caller, period: PeriodView) -> SubscriptionStretch:
    return SubscriptionStretch(
        plan=plan_told(who, period.plan),
        kind=period.kind,
        price=_money(period.price),
        payment_id=period.payment_id,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        closed_at=period.closed_at,
    )


def _method(method: MethodView) -> SavedMethod:
    return SavedMethod(
        id=method.id,
        provider=method.provider,
        title=method.title,
        state=method.state,
        created_at=method.created_at,
    )


def _money(found: Sum | None) -> Money | None:
    return None if found is None else money_told(found)
