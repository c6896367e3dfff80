"""A price that the owner changed is for new subscribers; old ones keep theirs until they agree."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.tables.currencies import Currency
from db.tables.plans import MethodState
from services.errors import N_, ShopError
from services.money import Money
from services.plans.agreeing import agree_anew
from services.plans.endings import paid_one
from services.plans.methods import methods
from services.plans.plans import OtherPrice, PlanGone, find_plan
from services.plans.rows import subscriptions


class PriceStays(ShopError):
    """There is no next period of this plan for a new price."""

    message = N_(
        "There is no new price to agree to: another plan is chosen for the next period, or Telegram charges the price "
        "that it began with."
    )


def agree(session: Session, user_id: int, now: datetime, shown: Money | None = None) -> Money:
    """From the next period on the plan's present price is paid: `shown`, as its owner saw it. Raises `NoSubscription`,
    `PlanGone`, `OtherPrice`, `PriceStays`."""
    live = paid_one(session, user_id)
    plan = find_plan(session, live.plan_id)
    if live.currency is None or (price := plan.prices.get(Currency(live.currency))) is None:
        raise PlanGone(plan_id=live.plan_id)
    if shown is not None and shown != price:
        raise OtherPrice(plan_id=live.plan_id)
    method = session.execute(select(methods).where(methods.c.id == live.method_id)).first()
    by_itself = method is not None and method.by_provider and method.state == MethodState.ACTIVE
    if by_itself or live.scheduled_plan_id not in (None, live.plan_id):
        raise PriceStays(plan_id=live.plan_id)
    chosen = {"scheduled_plan_id": live.plan_id, "scheduled_price": price.minor}
    session.execute(update(subscriptions).where(subscriptions.c.id == live.id).values(chosen))
    agree_anew(session, live.id, now)
    return price
