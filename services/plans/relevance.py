"""Whether news of what is to come is still true when somebody reads it."""

from typing import Final

from services.notifications.kinds.plans import PlanFact, PlanNews
from services.plans.subscriptions import SubscriptionView

TO_COME: Final = (PlanFact.RENEWAL_SOON, PlanFact.ENDS_SOON, PlanFact.PRICE_OFFERED)


def is_relevant(news: PlanNews, mine: SubscriptionView | None) -> bool:
    """`mine`: what its reader has now."""
    if news.fact not in TO_COME:
        return True
    if mine is None or mine.id is None or mine.id != news.subscription_id:
        return False
    match news.fact:
        case PlanFact.RENEWAL_SOON:
            return mine.next_charge is not None
        case PlanFact.PRICE_OFFERED:
            stays = mine.scheduled is None or mine.scheduled.id == mine.last_plan.id
            return stays and mine.auto_renew and not mine.cancel_at_period_end
    return True
