"""Providers who charge by themselves: each renewal is money for the payment that began it all, and gets one of its own
in our books; what they say of a subscription of theirs changes ours."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.payments import PaymentStatus
from db.tables.plans import LIVE, MethodState
from services.notifications.kinds.plans import PlanFact
from services.payments.payment_row import Description, NewRow, insert_payment
from services.payments.providers.base import Decline, ProviderWord, RemotePayment
from services.payments.queries import PaymentView, find_payment, payments
from services.plans.autopay import switch_off
from services.plans.locks import hold_user
from services.plans.methods import methods
from services.plans.news import tell
from services.plans.plans import find_plan
from services.plans.rows import period_of_payment, periods, subscription_row, subscriptions

FAILED = "renewal_failed"
HALF: Final = timedelta(days=15)  # of a month at a provider who charges by itself


def renewal_of(session: Session, first: PaymentView, remote: RemotePayment, now: datetime) -> PaymentView | None:
    """Our payment for money that came once more for `first`; None where this is the money of `first` itself."""
    again = first.plan_id is not None and remote.paid_until is not None and remote.charge_id is not None
    if not again or first.charge_id in (None, remote.charge_id):
        return None
    same = (payments.c.provider == first.provider) & (payments.c.charge_id == remote.charge_id)
    known = session.scalar(select(payments.c.id).where(same))
    renewal_id = known or uuid5(first.id, str(remote.charge_id))
    if known is None:
        new = _renewal(session, renewal_id, first)
        if _is_same_month(session, first, new.method_id, remote):
            new = _paid_twice(new, first)
        at = min(now, remote.created_at or now)
        insert_payment(session, replace(new, charge_id=remote.charge_id, created_at=at), now)
    return find_payment(session, renewal_id, lock=True)


def _renewal(session: Session, renewal_id: UUID, first: PaymentView) -> NewRow:
    """Of the period that follows what `first` began. It is canceled until its success is booked, in this transaction: a
    page at which the same period is paid may be open."""
    period = period_of_payment(session, first.id)
    row = None if period is None else subscription_row(session, period.subscription_id)
    token = (methods.c.provider == first.provider) & (methods.c.token == first.charge_id)
    method_id = session.scalar(select(methods.c.id).where(token))  # another one may have taken its place
    plan_id = first.plan_id if row is None else row.plan_id
    assert plan_id is not None  # a constraint says so
    return NewRow(
        id=renewal_id,
        user_id=first.user_id,
        plan_id=plan_id,
        subscription_id=None if row is None else row.id,
        period_number=None if row is None else row.number + 1,
        method_id=method_id,
        provider=first.provider,
        provider_payment_id=str(renewal_id),
        provider_shop_id=first.provider_shop_id,
        status=PaymentStatus.CANCELED,
        amount=first.amount,
        credits=find_plan(session, plan_id).credits,
        test=first.test,
        description=Description(receipt=first.description, shown=first.provider_text),
        receipt_email=first.receipt_email,
        return_url=first.return_url,
    )


def _is_same_month(session: Session, first: PaymentView, method_id: UUID | None, remote: RemotePayment) -> bool:
    """The invoice was paid once more, from another device before the first money was heard of: another subscription
    began at the provider's. Its lists do not say so, but for the end of what is paid."""
    if remote.again or remote.paid_until is None:
        return False
    if (period := period_of_payment(session, first.id)) is None:
        return remote.again is False or remote.paid_until < first.created_at + 3 * HALF
    near = periods.c.ends_at.between(remote.paid_until - HALF, remote.paid_until + HALF)
    of_invoice = payments.c.id == first.id
    if method_id is not None:
        of_invoice |= payments.c.method_id == method_id
    here = (periods.c.payment_id == payments.c.id) & (periods.c.subscription_id == period.subscription_id)
    return session.scalar(select(periods.c.id).join(payments, here).where(near, of_invoice).limit(1)) is not None


def _paid_twice(new: NewRow, first: PaymentView) -> NewRow:
    """For what the first is for, and with its consent."""
    there = replace(new, plan_id=first.plan_id, credits=first.credits, subscription_id=first.subscription_id)
    return replace(there, method_id=None, period_number=first.period_number, consent=first.consent)


def provider_said(session: Session, payment_id: UUID, word: ProviderWord, now: datetime) -> None:
    """Of the subscription that `payment_id` began there. Where something else has taken its place, it means nothing."""
    row = _begun_by(session, payment_id)
    if row is None:
        return
    hold_user(session, row.user_id)
    row = subscription_row(session, row.id)
    if row is None or row.status not in LIVE or row.cancel_at_period_end or not _charges(session, payment_id, row):
        return
    here = subscriptions.c.id == row.id
    match word:
        case ProviderWord.ACTIVE:
            on = {"auto_renew": True, "decline_reason": None, "look_at": now}
            session.execute(update(subscriptions).where(here).values(on))
        case ProviderWord.CANCELED:
            switch_off(session, row, now)
        case ProviderWord.FAILED if row.decline_reason != FAILED:
            off = {"auto_renew": False, "decline_reason": FAILED, "look_at": now}
            session.execute(update(subscriptions).where(here).values(off))
            _note_failure(session, payment_id, row, now)
            price = {"amount": row.price, "currency": row.currency, "reason": FAILED}
            tell(session, row, PlanFact.DECLINED, now, decline=str(Decline.ACT), **price)


def _note_failure(session: Session, payment_id: UUID, row: AnyRow, now: datetime) -> None:
    """Owners see it among the renewals that failed."""
    first = find_payment(session, payment_id)
    assert first is not None  # it began the subscription
    new = _renewal(session, uuid5(payment_id, f"{FAILED}:{row.number}:{now:%Y%m%dT%H%M%S}"), first)
    insert_payment(session, replace(new, cancel_reason=FAILED), now)


def _begun_by(session: Session, payment_id: UUID) -> AnyRow | None:
    period = period_of_payment(session, payment_id)
    return None if period is None else subscription_row(session, period.subscription_id)


def _charges(session: Session, payment_id: UUID, row: AnyRow) -> bool:
    """Whether what began with the payment is what the subscription is charged by."""
    first, state = find_payment(session, payment_id), methods.c.state == MethodState.ACTIVE
    here = (methods.c.id == row.method_id) & state & methods.c.by_provider
    token = session.scalar(select(methods.c.token).where(here))
    return first is not None and token is not None and token == first.charge_id
