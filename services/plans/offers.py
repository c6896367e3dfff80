"""A price that the owner changed is for new subscribers; old ones keep theirs until they agree."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.tables.currencies import Currency
from services.money import Money
from services.plans.endings import paid_one
from services.plans.methods import methods
from services.plans.plans import OtherPrice, PlanGone, find_plan
from services.plans.rows import subscriptions


def agree(session: Session, user_id: int, now: datetime, shown: Money | None = None) -> Money:
    """From the next period on the plan's present price is paid: `shown`, as its owner saw it. Raises `NoSubscription`,
    `PlanGone`, `OtherPrice`."""
    live = paid_one(session, user_id)
    if live.currency is None or (price := find_plan(session, live.plan_id).prices.get(Currency(live.currency))) is None:
        raise PlanGone(plan_id=live.plan_id)
    if shown is not None and shown != price:
        raise OtherPrice(plan_id=live.plan_id)
    chosen = {"scheduled_plan_id": live.plan_id, "scheduled_price": price.minor}
    session.execute(update(subscriptions).where(subscriptions.c.id == live.id).values(chosen))
    if live.method_id is not None:
        consent = session.scalar(
            methods.select().with_only_columns(methods.c.consent).where(methods.c.id == live.method_id)
        )
        agreed = {"amount": price.minor, "currency": price.currency, "at": now.isoformat()}
        more = (consent or {}) | {"agreed": [*(consent or {}).get("agreed", []), agreed]}
        session.execute(update(methods).where(methods.c.id == live.method_id).values(consent=more, updated_at=now))
    return price
