"""What money for a plan buys: a period, or nothing, and then it goes back by itself. In the transaction in which the
payment succeeds, behind its lock."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.plans import LIVE, MethodState, PeriodKind, SubscriptionStatus
from services.notifications.kinds.payments import RefundEnds
from services.notifications.kinds.plans import PAID_OTHERWISE, PlanFact
from services.payments.merchant import Merchant
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentView, find_payment
from services.plans.autopay import switch_off, tell_off
from services.plans.bought import Bought, whose
from services.plans.endings import finish
from services.plans.locks import hold_user
from services.plans.methods import find_method, stop
from services.plans.money_back import send_back
from services.plans.news import tell
from services.plans.no_period import NoPeriod, why_no_period
from services.plans.opening import NewPeriod, open_period
from services.plans.plans import find_plan
from services.plans.pressed import is_taken_back
from services.plans.replacing import close_period, replace_periods, unfinished_periods
from services.plans.rows import (
    NOTHING_CHOSEN,
    change_subscription,
    live_of,
    period_of_payment,
    subscription_row,
    subscriptions,
    terms_to_come,
)
from services.plans.saving import keep_method
from services.plans.times import warn_at

log = structlog.get_logger()
_add = insert(subscriptions)


def paid(session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, now: datetime) -> None:
    """`payment`, which has just succeeded, buys its period; where there is none to buy, all of it goes back."""
    assert payment.plan_id is not None
    user_id = whose(session, payment)
    hold_user(session, user_id)
    plan = find_plan(session, payment.plan_id)
    bought = Bought(payment=payment, plan=plan, user_id=user_id, remote=remote, merchant=merchant, now=now)
    live = live_of(session, user_id)
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    if (why := why_no_period(session, bought, row, live)) is not None:
        log.warning("plan_payment_bought_nothing", payment_id=str(payment.id), reason=str(why))
        send_back(session, payment, now, user_id=user_id)
        _stop_charging(session, bought, row, why, now)
        return
    same = row or (live if live is not None and live.plan_id == plan.id and live.price is not None else None)
    if live is not None and (same is None or live.id != same.id):
        replace_periods(session, live, merchant.pricing, now)
        finish(session, live, SubscriptionStatus.CANCELED, now, quietly=True)
    if same is None:
        _begin(session, bought)
    else:
        _go_on(session, bought, same)


def _stop_charging(session: Session, bought: Bought, row: AnyRow | None, why: NoPeriod, now: datetime) -> None:
    """A provider who would charge again by itself for what was sent back."""
    payment, merchant = bought.payment, bought.merchant
    if not merchant.charges_itself:
        return
    kept = keep_method(session, payment, bought.remote, merchant, user_id=bought.user_id, now=now)
    stop(session, kept, now)
    if why is NoPeriod.PAID_OTHERWISE and row is not None and row.method_id == payment.method_id:
        stop(session, row.method_id, now)
        switch_off(session, row, now, reason=PAID_OTHERWISE)


def refunded(session: Session, payment: PaymentView, now: datetime) -> RefundEnds:
    """All of the payment went back: its period ends, and with it the subscription; what was paid ahead goes back too.
    What it brought was taken back before. The running period stays where the one after it is refunded. After the last
    one, in the days of grace, the subscription ends too. What has ended is told by the news of the refund."""
    period = period_of_payment(session, payment.id)
    if period is None or period.closed_at is not None:
        return RefundEnds.NOTHING
    row = subscription_row(session, period.subscription_id)
    assert row is not None  # a foreign key says so
    hold_user(session, row.user_id)
    row = subscription_row(session, period.subscription_id)
    assert row is not None
    if period.ends_at <= now:
        last = row.status in LIVE and row.number == period.number
        if last:
            finish(session, row, SubscriptionStatus.CANCELED, now, quietly=True)
        return RefundEnds.PLAN if last else RefundEnds.NOTHING
    close_period(session, period, now, key="period_refunded")
    if row.status not in LIVE:
        return RefundEnds.PERIOD
    rest = unfinished_periods(session, row.id, now)
    if not rest:
        finish(session, row, SubscriptionStatus.CANCELED, now, quietly=True)
        return RefundEnds.PLAN
    for ahead in (each for each in rest if each.starts_at > now and each.payment_id is not None):
        paid_ahead = find_payment(session, ahead.payment_id)
        assert paid_ahead is not None  # as above
        send_back(session, paid_ahead, now, user_id=row.user_id)
    ends = {"cancel_at_period_end": True, "auto_renew": False, "canceled_at": now, "look_at": now}
    change_subscription(session, row.id, _as_in(session, rest[-1]) | ends)
    stop(session, row.method_id, now)
    return RefundEnds.PERIOD


def _as_in(session: Session, period: AnyRow) -> dict[str, Any]:  # Any: the columns' values
    """What a subscription is where this period is its last one."""
    stands = {"plan_id": period.plan_id, "starts_at": period.starts_at, "ends_at": period.ends_at, **NOTHING_CHOSEN}
    if period.payment_id is None:
        return stands | {"status": SubscriptionStatus.TRIALING, "price": None, "currency": None, "provider": None}
    payment = find_payment(session, period.payment_id)
    assert payment is not None  # a foreign key says so
    amount = payment.amount
    return stands | {"price": amount.minor, "currency": amount.currency, "provider": payment.provider}


def _begin(session: Session, bought: Bought) -> None:
    payment, now = bought.payment, bought.now
    ends_at = bought.ends_at(now, now.day)
    kept = keep_method(session, payment, bought.remote, bought.merchant, user_id=bought.user_id, now=now)
    subscription_id = uuid4()
    too_late = is_taken_back(session, payment)
    row = _terms(bought, kept, ends_at) | {
        "id": subscription_id,
        "user_id": bought.user_id,
        "auto_renew": kept is not None and not too_late,
        "cancel_at_period_end": too_late,
        "canceled_at": now if too_late else None,
        "anchor_day": now.day,
        "number": 1,
        "starts_at": now,
        "started_at": now,
    }
    session.connection().execute(_add, row)
    begun = subscription_row(session, subscription_id)
    assert begun is not None
    _open(session, bought, begun)


def _go_on(session: Session, bought: Bought, row: AnyRow) -> None:
    """One period more: after the present one, or from now on where that is over."""
    payment, now = bought.payment, bought.now
    starts_at = bought.starts_at(row)
    anchor_day = row.anchor_day if bought.follows(row) else now.day
    kept = keep_method(session, payment, bought.remote, bought.merchant, user_id=bought.user_id, now=now)
    ends_at = bought.ends_at(starts_at, anchor_day)
    values = _terms(bought, kept, ends_at) | {
        "anchor_day": anchor_day,
        "number": row.number + 1,
        "starts_at": starts_at,
        "canceled_at": None,
        "ended_at": None,
    }
    stopped = _stop_former(session, bought, row, kept)
    if not bought.by_itself:
        goes_on = kept is not None or (row.auto_renew and not stopped)
        values |= {"cancel_at_period_end": False, "auto_renew": goes_on}
        if is_taken_back(session, payment):  # too late: it is charged, and the plan is not renewed again
            values |= {"cancel_at_period_end": True, "auto_renew": False, "canceled_at": row.canceled_at}
    elif bought.by_provider:  # whatever it said before
        values |= {"auto_renew": True}
    if kept is None:
        values |= {"method_id": (payment.method_id if bought.by_itself else None) or row.method_id}
        values |= _agreed(session, bought, row)
    else:  # with a consent of its own
        values |= NOTHING_CHOSEN
    change_subscription(session, row.id, values)
    longer = subscription_row(session, row.id)
    assert longer is not None
    _open(session, bought, longer)
    if bought.by_itself:
        price = {"amount": payment.amount.minor, "currency": payment.amount.currency}
        tell(session, longer, PlanFact.RENEWED, now, at=ends_at, payment_id=payment.id, **price)
    elif row.auto_renew and not longer.auto_renew:
        tell_off(session, longer, now, reason=PAID_OTHERWISE)


def _stop_former(session: Session, bought: Bought, row: AnyRow, kept: UUID | None) -> bool:
    """Who charged by itself so far knows nothing of a period that was paid by hand, and would charge in the middle of
    it. False where there is no such provider."""
    if bought.by_itself or (kept is not None and kept == row.method_id):
        return False
    return stop(session, row.method_id, bought.now)


def _agreed(session: Session, bought: Bought, row: AnyRow) -> dict[str, Any]:  # Any: as below
    """What was agreed for the time to come, and what the saved method is charged then, whatever was paid this time."""
    payment, (plan_id, price) = bought.payment, terms_to_come(row)
    method, same_money = find_method(session, row.method_id), payment.amount.currency == row.currency
    active = method is not None and method.state is MethodState.ACTIVE
    if price is None or bought.by_provider or not (active or same_money):
        return {} if plan_id != payment.plan_id and same_money else NOTHING_CHOSEN
    values: dict[str, Any] = {"currency": row.currency}
    if method is not None and active:
        values["provider"] = method.provider
    if plan_id == payment.plan_id:
        return values | NOTHING_CHOSEN | {"price": price}
    if row.auto_renew:
        values |= {"scheduled_plan_id": plan_id, "scheduled_price": price}
    return values | {"price": payment.amount.minor if same_money else row.price}


def _terms(bought: Bought, kept: UUID | None, ends_at: datetime) -> dict[str, Any]:  # Any: the columns' values
    payment = bought.payment
    return {
        "plan_id": bought.plan.id,
        "status": SubscriptionStatus.ACTIVE,
        "price": payment.amount.minor,
        "currency": payment.amount.currency,
        "provider": payment.provider,
        "method_id": kept,
        "ends_at": ends_at,
        "look_at": max(bought.now, warn_at(ends_at)),
        "tries": 0,
        "decline_reason": None,
        "past_due_at": None,
    }


def _open(session: Session, bought: Bought, row: AnyRow) -> None:
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
