"""What subscribers are told, in the transaction in which it happens."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from db.base import AnyRow
from services.notifications import outbox
from services.notifications.kinds.plans import PlanFact, PlanNews


def tell(
    session: Session,
    subscription: AnyRow,
    fact: PlanFact,
    now: datetime,
    **more: Any,  # Any: fields of the news
) -> None:
    fields = {"plan_id": subscription.plan_id, "number": subscription.number} | more
    news = PlanNews(subscription_id=subscription.id, fact=fact, **fields)
    outbox.put(session, news, user_id=subscription.user_id, now=now)
