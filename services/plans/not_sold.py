"""Why money for a plan is not taken: before it comes, what would be asked when it has come."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from services.payments.fulfilment import NotSold
from services.payments.queries import PaymentView
from services.plans.bought import PlanPayment, whose
from services.plans.no_period import NoPeriod, why_no_period
from services.plans.plans import find_plan
from services.plans.rows import live_of, subscription_row

_WHY: Final = {NoPeriod.NOT_SOLD: NotSold.CHANGED, NoPeriod.PAID: NotSold.PAID, NoPeriod.THERE: NotSold.PAID}


def why_not_sold(session: Session, payment: PaymentView, now: datetime) -> NotSold | None:
    """The next period of a subscription keeps the price that was agreed."""
    assert payment.plan_id is not None
    user_id, plan = whose(session, payment), find_plan(session, payment.plan_id)
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    if row is None and payment.amount not in plan.prices.values():
        return NotSold.CHANGED
    asked = PlanPayment(payment=payment, plan=plan, user_id=user_id, now=now)
    why = why_no_period(session, asked, row, live_of(session, user_id))
    return None if why is None else _WHY.get(why, NotSold.OVERTAKEN)
