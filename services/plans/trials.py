"""A trial is without a card and never charges anybody; one for a person."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.identities import AccountMerge
from db.tables.payments import RefundStatus
from db.tables.plans import PeriodKind, PlanTrial, SubscriptionStatus
from db.upsert import insert_into
from services.errors import N_, ShopError
from services.payments.queries import refunds
from services.plans.endings import finish
from services.plans.locks import hold_user
from services.plans.opening import NewPeriod, open_period
from services.plans.plans import PlanGone, PlanView, plan_on_sale
from services.plans.replacing import replace_periods
from services.plans.rows import is_free, live_of, periods, subscriptions
from services.plans.times import warn_at
from services.users.departures import NO_KEY, PersonKey, known_as, left_after_trial

trials, _merges = table_of(PlanTrial), table_of(AccountMerge)


class TrialUsed(ShopError):
    """Or a plan whose money went back."""

    message = N_("A trial is once a person, and not for who had the money for a plan back. You can subscribe.")


class AlreadySubscribed(ShopError):
    message = N_("You have a subscription already.")


def had_trial(session: Session, user_id: int, people: PersonKey = NO_KEY) -> bool:
    """Also with an account that they deleted; and who had the money for a plan back has tried it."""
    if session.scalar(select(trials.c.user_id).where(trials.c.user_id == user_id)) is not None:
        return True
    back = (refunds.c.payment_id == periods.c.payment_id) & (refunds.c.status == RefundStatus.SUCCEEDED)
    mine = periods.c.closed_at.is_not(None) & periods.c.user_id.in_(
        select(_merges.c.from_user_id).where(_merges.c.into_user_id == user_id).union(select(literal(user_id)))
    )
    if session.scalar(select(periods.c.id).join(refunds, back).where(mine).limit(1)) is not None:
        return True
    return left_after_trial(session, known_as(session, user_id, people))


def may_try(session: Session, user_id: int, plan: PlanView, people: PersonKey = NO_KEY) -> bool:
    """Reads only."""
    offered = plan.enabled and plan.trial_days > 0
    return offered and not _subscribes(live_of(session, user_id)) and not had_trial(session, user_id, people)


def _subscribes(live: AnyRow | None) -> bool:
    return live is not None and not is_free(price=live.price, status=live.status)


def start_trial(session: Session, user_id: int, plan_id: int, now: datetime, people: PersonKey = NO_KEY) -> None:
    """Raises `PlanGone`, `TrialUsed`, `AlreadySubscribed`."""
    plan = plan_on_sale(session, plan_id)
    if not plan.trial_days:
        raise PlanGone(plan_id=plan_id)
    hold_user(session, user_id)
    live = live_of(session, user_id)
    if _subscribes(live):
        raise AlreadySubscribed(user_id=user_id)
    if had_trial(session, user_id, people):
        raise TrialUsed(user_id=user_id)
    used = {"user_id": user_id, "plan_id": plan_id, "started_at": now}
    new = insert_into(session, trials).values(used).on_conflict_do_nothing().returning(trials.c.user_id)
    if session.execute(new).first() is None:
        raise TrialUsed(user_id=user_id)
    if live is not None:
        replace_periods(session, live, {}, now)
        finish(session, live, SubscriptionStatus.CANCELED, now, quietly=True)
    subscription_id, ends_at = uuid4(), now + timedelta(days=plan.trial_days)
    row = {
        "id": subscription_id,
        "user_id": user_id,
        "plan_id": plan_id,
        "status": SubscriptionStatus.TRIALING,
        "anchor_day": ends_at.day,
        "number": 1,
        "starts_at": now,
        "ends_at": ends_at,
        "auto_renew": False,
        "cancel_at_period_end": False,
        "look_at": max(now, warn_at(ends_at)),
        "tries": 0,
        "started_at": now,
    }
    session.execute(insert(subscriptions), row)
    period = NewPeriod(
        subscription_id=subscription_id,
        user_id=user_id,
        plan=plan,
        number=1,
        kind=PeriodKind.TRIAL,
        starts_at=now,
        ends_at=ends_at,
        credits=plan.credits,
    )
    open_period(session, period, now)
