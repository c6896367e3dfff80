"""What a plan would be for one customer: its ways to pay, what it would change, what they agree to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from db.tables.plans import SubscriptionStatus
from services.container import Services
from services.plans.changes import ChangeQuote
from services.plans.checkout import PlanWay
from services.plans.plans import PlanView
from services.plans.subscriptions import SubscriptionView


class PlanStep(Enum):
    """What choosing a plan means."""

    HERE = auto()
    """It is theirs, and nothing has to be done."""
    FREE = auto()
    """It is everybody's who has no other."""
    NEXT = auto()
    """The next period of what they have, paid by hand."""
    LATER = auto()
    """It begins when the present period ends; nothing is paid now."""
    NOW = auto()
    """It begins when it is paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """`subscription`: what they have. `quote`: of another plan. `trial`: it can be tried for nothing."""

    plan: PlanView
    step: PlanStep
    subscription: SubscriptionView | None
    ways: Sequence[PlanWay]
    quote: ChangeQuote | None = None
    trial: bool = False

    @property
    def begins_at(self) -> datetime | None:
        """When the period begins that would be paid; None for at once."""
        return next((each.begins_at for each in self.ways), None)

    def way(self, provider: str) -> PlanWay | None:
        """The one of that name; the only one, where none is named."""
        if not provider and len(self.ways) == 1:
            return self.ways[0]
        return next((each for each in self.ways if each.provider == provider), None)


async def offer_of(services: Services, user_id: int, plan_id: int) -> PlanOptions:
    """Raises `PlanGone`, `RenewalUnderWay`, `RefundUnderWay`, `RestUnpriced`."""
    plan, subscription = await services.plans.get(plan_id), await services.subscriptions.of(user_id)
    step, quote = _same(plan, subscription), None
    if step is None:
        quote = await services.subscriptions.quote_change(user_id, plan_id)
        step = PlanStep.NOW if quote.at_once else PlanStep.LATER
    paid, checkout = step in (PlanStep.NEXT, PlanStep.NOW), services.plan_checkout
    ways = await checkout.ways(user_id, plan_id) if paid and checkout is not None else []
    trial = step is PlanStep.NOW and await services.subscriptions.may_try(user_id, plan)
    return PlanOptions(plan=plan, step=step, subscription=subscription, ways=ways, quote=quote, trial=trial)


def _same(plan: PlanView, subscription: SubscriptionView | None) -> PlanStep | None:
    """Of what they have, or shall have next; None where it is another plan."""
    if plan.is_free:
        return PlanStep.FREE
    if subscription is None or subscription.is_free:
        return None
    if plan.id == subscription.next_plan.id and subscription.is_paid_by_hand:
        return PlanStep.NEXT
    here = plan.id == subscription.plan.id and subscription.status is SubscriptionStatus.ACTIVE
    return PlanStep.HERE if here else None
