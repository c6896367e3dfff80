"""A subscription is not charged by itself any more, and its owner did not say so here."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import AnyRow
from services.notifications.kinds.plans import PlanFact
from services.plans.news import tell
from services.plans.rows import subscriptions


def switch_off(session: Session, row: AnyRow, now: datetime, *, reason: str | None = None) -> None:
    """`reason`: as in `PlanFact.AUTOPAY_OFF`."""
    if row.auto_renew:
        here = subscriptions.c.id == row.id
        session.execute(update(subscriptions).where(here).values(auto_renew=False, look_at=now))
        tell_off(session, row, now, reason=reason)


def tell_off(session: Session, row: AnyRow, now: datetime, *, reason: str | None = None) -> None:
    tell(session, row, PlanFact.AUTOPAY_OFF, now, at=row.ends_at, reason=reason, about=f":{now:%Y%m%dT%H%M%S}")
