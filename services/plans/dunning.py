"""What follows from a charge of a saved method that came to nothing. What the provider's word allows is judged when the
subscription is next looked at, which is at once."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.tables.plans import LIVE
from services.notifications.kinds.plans import REFUSED
from services.payments.providers.base import Decline
from services.payments.providers.reasons import decline_at
from services.payments.queries import PaymentView
from services.plans.autopay import switch_off
from services.plans.locks import hold_user
from services.plans.methods import refuse
from services.plans.rows import subscription_row, subscriptions

LATER = timedelta(hours=1)  # where the fault was ours, or nobody answered


def declined(session: Session, payment: PaymentView, reason: str, now: datetime) -> None:
    """The provider said no to the method."""
    if not payment.by_itself:
        _pressed(session, payment, reason, now)
        return
    _note(session, payment, now, {"tries": subscriptions.c.tries + 1, "decline_reason": reason[:64], "look_at": now})


def not_made(session: Session, payment: PaymentView, now: datetime) -> None:
    """The method was not even asked: no mark on it."""
    _note(session, payment, now, {"look_at": now + LATER})


def _pressed(session: Session, payment: PaymentView, reason: str, now: datetime) -> None:
    """Its owner sees that: only what is refused for good is not charged by itself any more either."""
    if payment.method_id is None or decline_at(payment.provider, reason) is not Decline.NEVER:
        return
    refuse(session, payment.method_id, reason[:64], now)
    charged = (subscriptions.c.method_id == payment.method_id) & subscriptions.c.status.in_(LIVE)
    for row in session.execute(select(subscriptions).where(charged)).all():
        hold_user(session, row.user_id)
        switch_off(session, row, now, reason=REFUSED)


def _note(session: Session, payment: PaymentView, now: datetime, values: dict[str, object]) -> None:
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    if row is None:
        return
    hold_user(session, row.user_id)
    next_one = subscriptions.c.number == (payment.period_number or 0) - 1
    live = (subscriptions.c.id == row.id) & subscriptions.c.status.in_(LIVE) & next_one
    session.execute(update(subscriptions).where(live).values(values))
