"""Charges of a saved way to pay whose owner pressed a button for them, while their answer is awaited."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import constant
from services.payments.changes import OPEN
from services.payments.queries import PRESSED, PaymentView, payments
from services.plans.rows import subscriptions

_under_way = select(payments.c.id).where(
    payments.c.user_id == bindparam("user"), PRESSED, payments.c.status.in_([constant(each) for each in OPEN])
)


def is_charge_pressed(session: Session, user_id: int) -> bool:
    """Whether one is under way."""
    return session.connection().execute(_under_way.limit(1), {"user": user_id}).first() is not None


def is_taken_back(session: Session, payment: PaymentView) -> bool:
    """Whether its owner pressed, and cancelled their plan after that."""
    if not payment.is_pressed:
        return False
    cancelled = subscriptions.c.canceled_at > payment.created_at
    mine = select(subscriptions.c.id).where(subscriptions.c.user_id == payment.user_id, cancelled)
    return session.scalar(mine.limit(1)) is not None
