"""Charges of a saved way to pay whose owner pressed a button for them, while their answer is awaited."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.payments.changes import OPEN
from services.payments.queries import PaymentView, payments
from services.plans.rows import subscriptions


def pressed_charge(session: Session, user_id: int) -> UUID | None:
    """The payment of the one that is under way."""
    pressed = payments.c.method_id.is_not(None) & payments.c.consent.is_not(None)
    mine = (payments.c.user_id == user_id) & pressed & payments.c.status.in_(OPEN)
    found: UUID | None = session.scalar(select(payments.c.id).where(mine).limit(1))
    return found


def is_taken_back(session: Session, payment: PaymentView) -> bool:
    """Whether its owner pressed, and cancelled their plan after that."""
    if payment.method_id is None or payment.by_itself:
        return False
    cancelled = subscriptions.c.canceled_at > payment.created_at
    mine = select(subscriptions.c.id).where(subscriptions.c.user_id == payment.user_id, cancelled)
    return session.scalar(mine.limit(1)) is not None
