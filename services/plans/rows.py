"""Subscriptions and their periods as the tables hold them."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Update, bindparam, or_, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.tables.plans import LIVE, PeriodAllowance, Subscription, SubscriptionPeriod, SubscriptionStatus
from services.money import Money

subscriptions, periods = table_of(Subscription), table_of(SubscriptionPeriod)
NOTHING_CHOSEN: Final = {"scheduled_plan_id": None, "scheduled_price": None}  # for the next period
allowances = table_of(PeriodAllowance)

_is_live = subscriptions.c.status.in_([constant(each) for each in LIVE])
_live = select(subscriptions).where(subscriptions.c.user_id == bindparam("user"), _is_live)
_by_id = select(subscriptions).where(subscriptions.c.id == bindparam("subscription"))
_running = (
    select(periods)
    .where(
        periods.c.user_id == bindparam("user"),
        periods.c.starts_at <= bindparam("now"),
        periods.c.ends_at > bindparam("now"),
        or_(periods.c.closed_at.is_(None), periods.c.closed_at > periods.c.starts_at),
    )
    .order_by(periods.c.id.desc())
    .limit(1)
)


def change_subscription(session: Session, subscription_id: UUID, values: Mapping[str, Any]) -> None:  # Any: of columns
    given = {f"new_{name}": value for name, value in values.items()}
    session.connection().execute(_changing(tuple(values)), given | {"subscription": subscription_id})


@cache
def _changing(columns: tuple[str, ...]) -> Update:
    """Built once for each kind of change: building and hashing a statement costs more than SQLite takes to run it."""
    here = subscriptions.c.id == bindparam("subscription")
    return update(subscriptions).where(here).values({name: bindparam(f"new_{name}") for name in columns})


def period_of_payment(session: Session, payment_id: UUID) -> AnyRow | None:
    return session.execute(select(periods).where(periods.c.payment_id == payment_id)).first()


def live_of(session: Session, user_id: int) -> AnyRow | None:
    """Whoever acts on it holds the user first."""
    return session.connection().execute(_live, {"user": user_id}).first()


def subscription_row(session: Session, subscription_id: UUID) -> AnyRow | None:
    return session.connection().execute(_by_id, {"subscription": subscription_id}).first()


def terms_to_come(row: AnyRow) -> tuple[int, int | None]:
    """Plan and price of the next period, as agreed."""
    if row.scheduled_plan_id is None:
        return row.plan_id, row.price
    return row.scheduled_plan_id, row.scheduled_price


def is_paid_by_hand(*, auto_renew: bool, status: str, decline_reason: str | None) -> bool:
    """The next period of a subscription: nothing else pays for it, or could."""
    return not auto_renew or status != SubscriptionStatus.ACTIVE or decline_reason is not None


def is_free(*, price: int | Money | None, status: str) -> bool:
    """The plan of who has no other."""
    return price is None and status == SubscriptionStatus.ACTIVE


def running_period(session: Session, user_id: int, now: datetime) -> AnyRow | None:
    """The one that serves this user now, whatever becomes of the subscription."""
    return session.connection().execute(_running, {"user": user_id, "now": now}).first()
