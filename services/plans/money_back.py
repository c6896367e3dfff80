"""Money that bought nothing goes back by itself."""

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from services.notifications import outbox
from services.notifications.kinds.plans import PlanFact, PlanNews
from services.payments.queries import PaymentView, find_refund, refunded_of
from services.payments.refunds.begin import insert_refund


def money_back_of(payment_id: UUID) -> UUID:
    """What its refund would be."""
    return uuid5(payment_id, "money back")


def send_back(session: Session, payment: PaymentView, now: datetime, *, user_id: int) -> None:
    """All of it that has not gone back yet; the reconciler makes the call. There is one of a payment."""
    assert payment.plan_id is not None
    refund_id, rest = money_back_of(payment.id), payment.amount.minor - refunded_of(session, payment.id)
    if rest <= 0 or find_refund(session, refund_id) is not None:
        return
    insert_refund(session, refund_id, payment, payment.amount.of(rest), now)
    news = PlanNews(
        subscription_id=payment.subscription_id,
        plan_id=payment.plan_id,
        fact=PlanFact.MONEY_BACK,
        amount=rest,
        currency=payment.amount.currency,
        payment_id=payment.id,
        about=f":{payment.id.hex}",
    )
    outbox.put(session, news, user_id=user_id, now=now)
