"""What owners see of plans: who subscribes, what comes in each month, who leaves, whose charges fail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from db.tables.plans import LIVE, SubscriptionStatus
from db.tables.users import User
from services.clock import Clock
from services.money import Money
from services.pages import Page, paginate
from services.payments.queries import BY_ITSELF, payments
from services.plans.plans import PlanView, list_plans, plans
from services.plans.rows import subscriptions
from services.plans.subscriptions import SubscriptionView, subscription_of

CHURN_OVER: Final = timedelta(days=30)
PAYING: Final = (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
_users = table_of(User)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCounts:
    """Of one plan: who pays, who tries, who is past due."""

    plan: PlanView
    active: int
    trialing: int
    past_due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNumbers:
    """`monthly`: what a month brings, by currency, of periods that will be paid again (rounded down); `churn`: of those
    who paid thirty days ago the share who do not any more, in hundredths of a percent, None where nobody did."""

    plans: tuple[PlanCounts, ...]
    monthly: tuple[Money, ...]
    paying_before: int
    left: int

    @property
    def churn(self) -> int | None:
        return None if not self.paying_before else self.left * 10_000 // self.paying_before


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRenewal:
    """A charge that came to nothing; `reason`: the provider's word."""

    user_id: int
    telegram_id: int | None
    plan_title: dict[str, str]
    amount: Money
    provider: str
    reason: str | None
    at: datetime


class PlanReports:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def numbers(self) -> PlanNumbers:
        return await self._db.scan(_numbers, self._clock())

    async def subscribers(self, page: int = 0, size: int = 20, *, plan_id: int | None = None) -> Page[SubscriptionView]:
        """Whose next period comes first, first; the free ones are not told."""
        return await self._db.scan(_subscribers, page, size, plan_id, self._clock())

    async def failed(self, page: int = 0, size: int = 20) -> Page[FailedRenewal]:
        """Newest first."""
        return await self._db.scan(_failed, page, size)

    async def failure_reasons(self) -> list[tuple[str, int]]:
        """Of thirty days, the commonest first."""
        return await self._db.scan(_reasons, self._clock() - CHURN_OVER)


def _numbers(session: Session, now: datetime) -> PlanNumbers:
    query = select(subscriptions.c.plan_id, subscriptions.c.status, func.count()).where(_paid_or_tried())
    rows = session.execute(query.group_by(subscriptions.c.plan_id, subscriptions.c.status)).all()
    found = {(plan_id, status): count for plan_id, status, count in rows}
    before, left = _left(session, now)
    return PlanNumbers(
        plans=tuple(
            PlanCounts(
                plan=plan,
                active=found.get((plan.id, SubscriptionStatus.ACTIVE), 0),
                trialing=found.get((plan.id, SubscriptionStatus.TRIALING), 0),
                past_due=found.get((plan.id, SubscriptionStatus.PAST_DUE), 0),
            )
            for plan in list_plans(session)
            if not plan.is_free
        ),
        monthly=_monthly(session),
        paying_before=before,
        left=left,
    )


def _monthly(session: Session) -> tuple[Money, ...]:
    again = subscriptions.c.status.in_(PAYING) & subscriptions.c.auto_renew & subscriptions.c.price.is_not(None)
    price = func.coalesce(subscriptions.c.scheduled_price, subscriptions.c.price)
    of_plan = plans.c.id == func.coalesce(subscriptions.c.scheduled_plan_id, subscriptions.c.plan_id)
    sums = select(subscriptions.c.currency, plans.c.months, func.sum(price)).join(plans, of_plan).where(again)
    total: dict[str, Fraction] = {}
    for currency, months, minor in session.execute(sums.group_by(subscriptions.c.currency, plans.c.months)):
        total[currency] = total.get(currency, Fraction(0)) + Fraction(int(minor), months)
    return tuple(Money(int(minor), Currency(currency)) for currency, minor in sorted(total.items()))


def _left(session: Session, now: datetime) -> tuple[int, int]:
    """Users who had a paid subscription thirty days ago, and those of them who have none now."""
    then, ended = now - CHURN_OVER, subscriptions.c.ended_at
    paid = subscriptions.c.price.is_not(None)
    here = paid & (subscriptions.c.started_at <= then) & or_(ended.is_(None), ended > then)
    had = select(subscriptions.c.user_id).where(here).distinct().subquery()
    has = select(subscriptions.c.user_id).where(paid, subscriptions.c.status.in_(LIVE))
    before = session.scalar(select(func.count()).select_from(had)) or 0
    stayed = session.scalar(select(func.count()).select_from(had).where(had.c.user_id.in_(has))) or 0
    return before, before - stayed


def _paid_or_tried() -> ColumnElement[bool]:
    trial = subscriptions.c.status == SubscriptionStatus.TRIALING
    return and_(subscriptions.c.status.in_(LIVE), or_(subscriptions.c.price.is_not(None), trial))


def _subscribers(session: Session, page: int, size: int, plan_id: int | None, now: datetime) -> Page[SubscriptionView]:
    here = _paid_or_tried() if plan_id is None else _paid_or_tried() & (subscriptions.c.plan_id == plan_id)
    order = subscriptions.c.ends_at, subscriptions.c.id
    found = paginate(session, select(subscriptions.c.user_id).where(here).order_by(*order), page, size)
    views = (subscription_of(session, row.user_id, now) for row in found.items)
    return found.holding([view for view in views if view is not None])


def _failed(session: Session, page: int, size: int) -> Page[FailedRenewal]:
    query = (
        select(payments, plans.c.title, _users.c.telegram_id)
        .join(plans, plans.c.id == payments.c.plan_id)
        .join(_users, _users.c.id == payments.c.user_id)
        .where(BY_ITSELF, payments.c.status == PaymentStatus.CANCELED)
        .order_by(payments.c.created_at.desc(), payments.c.id)
    )
    found = paginate(session, query, page, size)
    return found.holding(
        [
            FailedRenewal(
                user_id=row.user_id,
                telegram_id=row.telegram_id,
                plan_title=row.title,
                amount=Money(row.amount_kopecks, Currency(row.currency)),
                provider=row.provider,
                reason=row.cancel_reason,
                at=row.updated_at,
            )
            for row in found.items
        ]
    )


def _reasons(session: Session, since: datetime) -> list[tuple[str, int]]:
    failed = BY_ITSELF & (payments.c.status == PaymentStatus.CANCELED)
    query = select(payments.c.cancel_reason, func.count()).where(failed, payments.c.created_at >= since)
    rows = session.execute(query.group_by(payments.c.cancel_reason)).all()
    return sorted(((reason or "", count) for reason, count in rows), key=lambda each: (-each[1], each[0]))
