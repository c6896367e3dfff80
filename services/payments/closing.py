"""A payment that will not be paid any more."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db.tables.payments import PaymentStatus
from services.payments import news
from services.payments.applied import Applied
from services.payments.changes import OPEN, change_payment
from services.payments.fulfilment import Fulfilment, Fulfilments
from services.payments.news import Fact
from services.payments.queries import PaymentView, find_payment

REPLACED: Final = "replaced"
LATE_LOOK: Final = timedelta(hours=1)  # after a cancellation: who pays late has paid
LAST_MOMENT: Final = timedelta(minutes=2)  # between the deadline and the news of money that came before it


def cancel_unborn(
    session: Session, payment_id: UUID, reason: str, now: datetime, *, fulfilments: Fulfilments, tell: bool
) -> Applied:
    """Close a payment that the provider has not made; nobody has its link, so nobody can pay it. `tell`: the user, who
    does not see it happen."""
    payment = find_payment(session, payment_id, lock=True)
    if payment is None or payment.provider_payment_id is not None:
        return Applied.UNCHANGED
    canceled = {"status": PaymentStatus.CANCELED, "cancel_reason": reason[:64], "next_check_at": None}
    if not change_payment(session, payment, OPEN, now, **canceled):
        return Applied.UNCHANGED
    if payment.by_itself:
        fulfilments.of(payment).not_made(session, payment, now)
    elif tell:
        news.tell(session, payment, Fact.CANCELED, now)
    return Applied.CANCELED


def declined_unborn(
    session: Session, payment_id: UUID, reason: str, now: datetime, *, fulfilments: Fulfilments
) -> Applied:
    """Close the charge of a saved method that the provider would not make."""
    payment = find_payment(session, payment_id, lock=True)
    return Applied.UNCHANGED if payment is None else cancel(session, payment, reason, now, fulfilments.of(payment))


def cancel_lost(session: Session, payment_id: UUID, now: datetime, *, fulfilments: Fulfilments) -> Applied:
    """Close a payment that the provider does not know any more."""
    payment = find_payment(session, payment_id, lock=True)
    if payment is None:
        return Applied.UNCHANGED
    return cancel(session, payment, "unknown_to_provider", now, fulfilments.of(payment))


def give_up(session: Session, payment: PaymentView, now: datetime) -> bool:
    """Its buyer has chosen another way of paying. Who pays at its page all the same has paid. False where its money is
    on the way."""
    canceled = {"status": PaymentStatus.CANCELED, "cancel_reason": REPLACED, "next_check_at": now + LATE_LOOK}
    return change_payment(session, payment, (PaymentStatus.PENDING,), now, checks=0, **canceled)


def expire(session: Session, payment_id: UUID, now: datetime, *, fulfilments: Fulfilments) -> Applied:
    """Close a payment that nobody paid in time. Who paid at the last moment has paid."""
    payment = find_payment(session, payment_id, lock=True)
    if payment is None or payment.deadline_at is None or now < payment.deadline_at + LAST_MOMENT:
        return Applied.UNCHANGED
    return cancel(session, payment, "expired_on_confirmation", now, fulfilments.of(payment))


def cancel(
    session: Session, payment: PaymentView, reason: str | None, now: datetime, fulfilment: Fulfilment
) -> Applied:
    """`payment`, locked, came to nothing."""
    canceled = {
        "status": PaymentStatus.CANCELED,
        "cancel_reason": (reason or "general_decline")[:64],
        "next_check_at": now + LATE_LOOK,
        "checks": 0,
    }
    if not change_payment(session, payment, OPEN, now, **canceled):
        return Applied.UNCHANGED
    if payment.method_id is not None:
        fulfilment.declined(session, payment, reason or "general_decline", now)
    if not payment.by_itself:
        news.tell(session, payment, Fact.CANCELED, now)
    return Applied.CANCELED
