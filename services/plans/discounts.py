"""What packages cost who has a plan."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.plans import Plan, SubscriptionPeriod

_plans, _periods = table_of(Plan), table_of(SubscriptionPeriod)
_running: Final = (
    select(_plans.c.discount_percent)
    .join(_periods, _periods.c.plan_id == _plans.c.id)
    .where(
        _periods.c.user_id == bindparam("user"),
        _periods.c.starts_at <= bindparam("now"),
        _periods.c.ends_at > bindparam("now"),
        _periods.c.closed_at.is_(None),
    )
    .order_by(_periods.c.id.desc())
    .limit(1)
)


def discount_of(session: Session, user_id: int, now: datetime) -> int:
    """In percent, of the period that serves them now."""
    return int(session.connection().execute(_running, {"user": user_id, "now": now}).scalar() or 0)
