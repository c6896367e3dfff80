"""A subscriber hears that money which bought nothing goes back."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.notifications import outbox
from services.notifications.kinds.plans import PlanFact, PlanNews
from services.payments.queries import PaymentView
from services.payments.refunds.money_back import begin_money_back


def send_back(session: Session, payment: PaymentView, now: datetime, *, user_id: int) -> None:
    """All of it that has not gone back yet. `user_id`: who is told."""
    assert payment.plan_id is not None
    if (rest := begin_money_back(session, payment, now)) is None:
        return
    news = PlanNews(
        subscription_id=payment.subscription_id,
        plan_id=payment.plan_id,
        fact=PlanFact.MONEY_BACK,
        amount=rest.minor,
        currency=rest.currency,
        payment_id=payment.id,
        about=f":{payment.id.hex}",
    )
    outbox.put(session, news, user_id=user_id, now=now)
