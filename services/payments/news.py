"""What customers are told of their payments."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from services.notifications import outbox
from services.notifications.kinds.payments import PaymentNews
from services.payments.queries import PaymentView


class Fact(StrEnum):
    """What the user is told of a payment."""

    READY = "ready"
    """The link that could not be shown at once."""
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


def tell(session: Session, payment: PaymentView, fact: Fact, now: datetime) -> None:
    outbox.put(session, news_of(payment, fact), user_id=payment.user_id, now=now)


def news_of(payment: PaymentView, fact: Fact) -> PaymentNews:
    return PaymentNews(payment_id=payment.id, fact=fact)


def tell_ready(session: Session, payment: PaymentView, now: datetime) -> None:
    """The link came after the user was told to wait."""
    if payment.is_open and payment.confirmation_url is not None:
        tell(session, payment, Fact.READY, now)
