"""The free plan: everybody's who has no other. Its periods are opened when they are first needed."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.plans import PeriodKind, SubscriptionStatus
from db.tables.users import User
from services.plans.locks import hold_user
from services.plans.months import end_of_months
from services.plans.opening import NewPeriod, open_period
from services.plans.plans import PlanView, free_plan
from services.plans.rows import live_of, periods, running_period, subscriptions

_users = table_of(User)
_had = select(_users.c.free_from).where(_users.c.id == bindparam("user"), _users.c.free_from > bindparam("now"))


def open_free(session: Session, user_id: int, now: datetime) -> AnyRow | None:
    """The running period of a user: that of their subscription, or of the free plan, which is opened where it has to
    be. None where nothing is given."""
    if (running := running_period(session, user_id, now)) is not None:
        return running
    plan = free_plan(session)
    if plan is None:
        return None
    hold_user(session, user_id)
    live = live_of(session, user_id)
    if had_already(session, user_id, now) is not None:
        return None
    if live is None:
        _begin(session, user_id, plan, now)
    elif live.price is not None or live.status == SubscriptionStatus.TRIALING:
        return None  # past due: it gives nothing
    elif live.ends_at <= now:
        _next(session, live, plan, now)
    return running_period(session, user_id, now)


def had_already(session: Session, user_id: int, now: datetime) -> datetime | None:
    """Until when this month's allowances were given, to an account that they deleted; None where they were not."""
    until: datetime | None = session.connection().execute(_had, {"user": user_id, "now": now}).scalar()
    return until


def had_free_until(session: Session, user_id: int, now: datetime) -> datetime | None:
    """The end of the free period that runs."""
    mine = (periods.c.user_id == user_id) & (periods.c.kind == PeriodKind.FREE) & (periods.c.ends_at > now)
    until: datetime | None = session.scalar(select(func.max(periods.c.ends_at)).where(mine))
    return until


def _begin(session: Session, user_id: int, plan: PlanView, now: datetime) -> None:
    subscription_id = uuid4()
    ends_at = end_of_months(now, plan.months, anchor_day=now.day)
    row = {
        "id": subscription_id,
        "user_id": user_id,
        "plan_id": plan.id,
        "status": SubscriptionStatus.ACTIVE,
        "anchor_day": now.day,
        "number": 1,
        "starts_at": now,
        "ends_at": ends_at,
        "auto_renew": False,
        "cancel_at_period_end": False,
        "tries": 0,
        "started_at": now,
    }
    session.execute(insert(subscriptions), row)
    period = NewPeriod(
        subscription_id=subscription_id,
        user_id=user_id,
        plan=plan,
        number=1,
        kind=PeriodKind.FREE,
        starts_at=now,
        ends_at=ends_at,
    )
    open_period(session, period, now)


def _next(session: Session, live: AnyRow, plan: PlanView, now: datetime) -> None:
    """From now on: what nobody needed was not given."""
    ends_at = end_of_months(now, plan.months, anchor_day=now.day)
    values = {
        "plan_id": plan.id,
        "number": live.number + 1,
        "starts_at": now,
        "ends_at": ends_at,
        "anchor_day": now.day,
    }
    session.execute(update(subscriptions).where(subscriptions.c.id == live.id).values(values))
    period = NewPeriod(
        subscription_id=live.id,
        user_id=live.user_id,
        plan=plan,
        number=live.number + 1,
        kind=PeriodKind.FREE,
        starts_at=now,
        ends_at=ends_at,
    )
    open_period(session, period, now)
