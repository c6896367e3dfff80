"""What money for a plan buys: a period, or nothing, and then it goes back by itself. In the transaction in which the
payment succeeds, behind its lock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.plans import LIVE, PeriodKind, SubscriptionStatus
from db.tables.users import User
from services.billing.merges import merge_of
from services.notifications.kinds.plans import PlanFact
from services.payments.merchant import Merchant
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentView, find_payment
from services.plans.changes import begins_at_once
from services.plans.endings import finish
from services.plans.locks import hold_user, is_shut_out
from services.plans.methods import stop
from services.plans.money_back import send_back
from services.plans.months import end_of_months
from services.plans.news import tell
from services.plans.opening import NewPeriod, open_period
from services.plans.plans import PlanView, find_plan
from services.plans.replacing import close_period, is_being_refunded, replace_periods, unfinished_periods
from services.plans.rows import change_subscription, live_of, period_of_payment, subscription_row, subscriptions
from services.plans.saving import KeptMethod, keep_method, was_taken_back
from services.plans.times import warn_at

log = structlog.get_logger()
_users = table_of(User)
_gone = select(_users.c.id).where(_users.c.id == bindparam("user"), _users.c.deleted_at.is_not(None))
_add = insert(subscriptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bought:
    """A payment that succeeded, and what is needed of it. `user_id`: who has the plan, which is not who paid where
    accounts were merged."""

    payment: PaymentView
    plan: PlanView
    user_id: int
    remote: RemotePayment
    merchant: Merchant
    now: datetime

    @property
    def by_itself(self) -> bool:
        """Nobody stood by: a saved method was charged, or Telegram renewed what began with another payment."""
        renews = self.remote.paid_until is not None and self.payment.consent is None
        return renews or self.payment.method_id is not None

    def ends_at(self, starts_at: datetime, anchor_day: int) -> datetime:
        return self.remote.paid_until or end_of_months(starts_at, self.plan.months, anchor_day=anchor_day)


def paid(session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, now: datetime) -> None:
    """`payment`, which has just succeeded, buys its period; where there is none to buy, all of it goes back."""
    assert payment.plan_id is not None
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    user_id = _owner(session, payment) if row is None else row.user_id
    hold_user(session, user_id)
    plan = find_plan(session, payment.plan_id)
    bought = _Bought(payment=payment, plan=plan, user_id=user_id, remote=remote, merchant=merchant, now=now)
    live = live_of(session, user_id)
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    reason = _refusal(session, bought, row, live)
    if reason is not None:
        log.warning("plan_payment_bought_nothing", payment_id=str(payment.id), reason=reason)
        send_back(session, payment, now, user_id=user_id)
        _stop_at_once(session, bought)
        return
    same = row or (live if live is not None and live.plan_id == plan.id and live.price is not None else None)
    if live is not None and (same is None or live.id != same.id):
        replace_periods(session, live, merchant.pricing, now)
        finish(session, live, SubscriptionStatus.CANCELED, now, quietly=True)
    if same is None:
        _begin(session, bought)
    else:
        _go_on(session, bought, same)


def _stop_at_once(session: Session, bought: _Bought) -> None:
    """A provider who would charge again by itself for what was sent back."""
    payment, merchant = bought.payment, bought.merchant
    if merchant.charges_itself:
        kept = keep_method(session, payment, bought.remote, merchant, user_id=bought.user_id, now=bought.now)
        stop(session, None if kept is None else kept.id, bought.now)


def refunded(session: Session, payment: PaymentView, now: datetime) -> None:
    """All of the payment went back: its period ends, and with it the subscription; what was paid ahead goes back too.
    What it brought was taken back before. The running period stays where the one after it is refunded."""
    period = period_of_payment(session, payment.id)
    if period is None or period.ends_at <= now or period.closed_at is not None:
        return
    row = subscription_row(session, period.subscription_id)
    assert row is not None  # a foreign key says so
    hold_user(session, row.user_id)
    row = subscription_row(session, period.subscription_id)
    assert row is not None
    close_period(session, period, now, key="period_refunded")
    if row.status not in LIVE:
        return
    rest = unfinished_periods(session, row.id, now)
    if not rest:
        finish(session, row, SubscriptionStatus.CANCELED, now)
        return
    for ahead in (each for each in rest if each.starts_at > now and each.payment_id is not None):
        paid_ahead = find_payment(session, ahead.payment_id)
        assert paid_ahead is not None  # as above
        send_back(session, paid_ahead, now, user_id=row.user_id)
    last = rest[-1]
    here = subscriptions.c.id == row.id
    shorter = {"starts_at": last.starts_at, "ends_at": last.ends_at, "look_at": now}
    ends = {"cancel_at_period_end": True, "auto_renew": False, "canceled_at": now}
    session.execute(update(subscriptions).where(here).values(**shorter, **ends))
    stop(session, row.method_id, now)


def _owner(session: Session, payment: PaymentView) -> int:
    merge = merge_of(session, payment.user_id)
    return payment.user_id if merge is None else merge.into_user_id


def _refusal(session: Session, bought: _Bought, row: AnyRow | None, live: AnyRow | None) -> str | None:
    """Why the money buys no period, in words of the log; None where it buys one."""
    if session.connection().execute(_gone, {"user": bought.user_id}).first() is not None:
        return "the account is gone"
    if bought.by_itself and is_shut_out(session, bought.user_id):
        return "who would have it is shut out"
    if bought.remote.paid_until is not None and bought.remote.paid_until <= bought.now:
        return "its period is over"
    return _refusal_of_first(session, bought, live) if row is None else _refusal_of_next(session, bought, row, live)


def _refusal_of_first(session: Session, bought: _Bought, live: AnyRow | None) -> str | None:
    if bought.by_itself:
        return "what it would renew is gone"
    if not bought.plan.enabled or bought.plan.is_free:
        return "the plan is not sold any more"
    if live is None or live.price is None:
        return None
    if live.plan_id == bought.plan.id:
        return "it is paid" if live.status == SubscriptionStatus.ACTIVE else None
    if not begins_at_once(session, live, bought.plan):
        return "a dearer plan took its place"
    going = is_being_refunded(session, live.id, bought.now)
    return "money for what it would take the place of is being sent back" if going else None


def _refusal_of_next(session: Session, bought: _Bought, row: AnyRow, live: AnyRow | None) -> str | None:
    """The next period of `row` is bought once, while anybody wants it."""
    if bought.payment.period_number != row.number + 1:
        return "the period is there"
    if bought.by_itself and (row.cancel_at_period_end or was_taken_back(session, bought.payment.method_id)):
        return "it was not to be charged any more"
    if row.status == SubscriptionStatus.CANCELED:
        return "it was cancelled"
    if live is not None and live.id != row.id and live.price is not None:
        return "another one took its place"
    until = bought.remote.paid_until
    return "its period is paid" if until is not None and row.status in LIVE and until <= row.ends_at else None


def _begin(session: Session, bought: _Bought) -> None:
    payment, now = bought.payment, bought.now
    ends_at = bought.ends_at(now, now.day)
    kept = keep_method(session, payment, bought.remote, bought.merchant, user_id=bought.user_id, now=now)
    subscription_id = uuid4()
    row = _terms(bought, kept, ends_at) | {
        "id": subscription_id,
        "user_id": bought.user_id,
        "auto_renew": kept is not None,
        "cancel_at_period_end": False,
        "anchor_day": now.day,
        "number": 1,
        "starts_at": now,
        "started_at": now,
    }
    session.connection().execute(_add, row)
    begun = subscription_row(session, subscription_id)
    assert begun is not None
    _open(session, bought, begun)


def _go_on(session: Session, bought: _Bought, row: AnyRow) -> None:
    """One period more: after the present one, or from now on where that is over."""
    payment, now = bought.payment, bought.now
    seamless = row.status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING) and row.ends_at >= now
    starts_at = row.ends_at if seamless else now
    anchor_day = row.anchor_day if seamless else now.day
    kept = keep_method(session, payment, bought.remote, bought.merchant, user_id=bought.user_id, now=now)
    ends_at = bought.ends_at(starts_at, anchor_day)
    values = _terms(bought, kept, ends_at) | {
        "anchor_day": anchor_day,
        "number": row.number + 1,
        "starts_at": starts_at,
        "canceled_at": None,
        "ended_at": None,
    }
    if not bought.by_itself:
        values |= {"cancel_at_period_end": False, "auto_renew": row.auto_renew or kept is not None}
    if kept is None:
        values |= {"method_id": row.method_id}
    elif kept.id != row.method_id:
        stop(session, row.method_id, now)
    if row.scheduled_plan_id == payment.plan_id or row.currency != payment.amount.currency:  # a price in another one
        values |= {"scheduled_plan_id": None, "scheduled_price": None}
    change_subscription(session, row.id, values)
    longer = subscription_row(session, row.id)
    assert longer is not None
    _open(session, bought, longer)
    if bought.by_itself:
        price = {"amount": payment.amount.minor, "currency": payment.amount.currency}
        tell(session, longer, PlanFact.RENEWED, now, at=ends_at, payment_id=payment.id, **price)


def _terms(bought: _Bought, kept: KeptMethod | None, ends_at: datetime) -> dict[str, Any]:  # Any: the columns' values
    payment = bought.payment
    return {
        "plan_id": bought.plan.id,
        "status": SubscriptionStatus.ACTIVE,
        "price": payment.amount.minor,
        "currency": payment.amount.currency,
        "provider": payment.provider,
        "method_id": None if kept is None else kept.id,
        "ends_at": ends_at,
        "look_at": max(bought.now, warn_at(ends_at)),
        "tries": 0,
        "decline_reason": None,
        "past_due_at": None,
    }


def _open(session: Session, bought: _Bought, row: AnyRow) -> None:
    period = NewPeriod(
        subscription_id=row.id,
        user_id=bought.user_id,
        plan=bought.plan,
        number=row.number,
        kind=PeriodKind.PAID,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        payment_id=bought.payment.id,
        credits=bought.payment.credits,
    )
    open_period(session, period, bought.now)
