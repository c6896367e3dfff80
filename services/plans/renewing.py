"""What is due for one subscription, done in one transaction: tell its owner, begin the next charge, end it."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.plans import LIVE, SubscriptionStatus
from services.notifications.kinds.plans import PlanFact
from services.payments.queries import PaymentView
from services.plans.charges import NO_EMAIL, begin_charge, next_charge
from services.plans.endings import finish
from services.plans.held import HeldSubscription, Terms
from services.plans.locks import hold_user
from services.plans.rows import subscription_row
from services.plans.times import LEASE, NOTICE, warn_at

WAIT: Final = timedelta(minutes=15)  # for a payment of the next period that is under way
STUCK: Final = timedelta(days=1)  # nobody can tell any more what becomes of it; paid after all, it counts


def do_due(session: Session, due: AnyRow, terms: Terms, now: datetime) -> PaymentView | None:
    """The payment that the provider is now to be asked for; its row is there. `due`: id and user of the
    subscription."""
    hold_user(session, due.user_id)
    row = subscription_row(session, due.id)
    if row is None or row.status not in LIVE or row.look_at is None:
        return None
    held = HeldSubscription(session=session, row=row, terms=terms, now=now)
    if row.price is None or row.cancel_at_period_end:
        _run_out(held)
        return None
    return _renew(held)


def _run_out(held: HeldSubscription) -> None:
    """Nothing is to be charged: a trial, or it was cancelled."""
    trial = held.row.status == SubscriptionStatus.TRIALING
    if not trial and held.row.price is None:
        held.change(look_at=None)  # the free one has no end
    elif held.ended:
        status = SubscriptionStatus.CANCELED if held.row.cancel_at_period_end else SubscriptionStatus.EXPIRED
        finish(held.session, held.row, status, held.now)
    else:
        if trial and held.row.warned_of != held.ends_at and held.now >= warn_at(held.ends_at):
            held.tell(PlanFact.ENDS_SOON, at=held.ends_at)
        warned = held.now >= warn_at(held.ends_at)
        later = held.ends_at if warned or not trial else warn_at(held.ends_at)
        held.change(look_at=later, warned_of=held.ends_at if warned else held.row.warned_of)


def _renew(held: HeldSubscription) -> PaymentView | None:
    under_way = held.under_way
    if held.now >= held.given_up_at + (STUCK if under_way else timedelta(0)):
        finish(held.session, held.row, SubscriptionStatus.EXPIRED, held.now)
        return None
    charge = None if under_way else next_charge(held)
    charge = _warn(held, charge, under_way=under_way)
    if held.ended and held.row.status == SubscriptionStatus.ACTIVE:
        _lapse(held, comes=under_way or charge is not None)
    if charge is not None and charge <= held.now:
        payment = begin_charge(held)
        held.change(look_at=held.now + (WAIT if payment is None else LEASE))
        return payment
    soon = under_way or held.row.decline_reason == NO_EMAIL  # its owner may give one any time
    moments = [warn_at(held.ends_at), held.ends_at, held.given_up_at, held.now + WAIT if soon else charge]
    held.change(look_at=min(moment for moment in moments if moment is not None and moment > held.now))
    return None


def _warn(held: HeldSubscription, charge: datetime | None, *, under_way: bool) -> datetime | None:
    """A day before the end; who is told late has some hours more before the charge, though not beyond the end."""
    row = held.row
    if row.warned_of == held.ends_at or held.now < warn_at(held.ends_at):
        return charge
    held.change(warned_of=held.ends_at)
    if charge is not None:
        latest = held.now + NOTICE if held.ended else max(held.now, held.ends_at - LEASE)
        charge = max(charge, min(held.now + NOTICE, latest))
    comes = charge is not None or under_way or held.is_awaited
    if row.auto_renew and not comes and held.reached is None:
        held.change(auto_renew=False)  # its provider, or what it takes, is not the shop's any more
    if comes and row.auto_renew and row.decline_reason is None and not (held.ended and charge is None):
        amount, currency = held.price
        comes_next = row.scheduled_plan_id or row.plan_id
        held.tell(
            PlanFact.RENEWAL_SOON, plan_id=comes_next, amount=amount, currency=currency, at=charge or held.ends_at
        )
    elif not held.ended:
        held.tell(PlanFact.ENDS_SOON, at=held.ends_at)
    return charge


def _lapse(held: HeldSubscription, *, comes: bool) -> None:
    """`comes`: the money may be on its way, or is still tried for. Telegram's word comes a little after the end."""
    held.change(status=SubscriptionStatus.PAST_DUE, past_due_at=held.now)
    if not comes and not held.is_awaited:
        held.tell(PlanFact.PAST_DUE, at=held.given_up_at)
