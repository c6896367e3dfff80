"""A payment for a plan, and the time that it pays for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.plans import SubscriptionStatus
from services.billing.merges import merge_of
from services.payments.merchant import Merchant
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentView
from services.plans.months import end_of_months
from services.plans.plans import PlanView
from services.plans.rows import subscription_row

SEAMLESS = (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPayment:
    """Before its money as after it. `user_id`: who has the plan, which is not who paid where accounts were merged."""

    payment: PaymentView
    plan: PlanView
    user_id: int
    now: datetime

    @property
    def paid_until(self) -> datetime | None:
        """By the months of a provider who charges by itself, as soon as it has told."""
        return None

    @property
    def by_provider(self) -> bool:
        """Who charges by itself has renewed what began with another payment."""
        return self.paid_until is not None and self.payment.consent is None

    @property
    def by_itself(self) -> bool:
        """Nobody stood by: a saved method was charged, or the provider did it by itself."""
        return self.by_provider or self.payment.by_itself

    def follows(self, row: AnyRow) -> bool:
        """The period begins when the present one of `row` ends; else now."""
        return row.status in SEAMLESS and row.ends_at >= self.now

    def starts_at(self, row: AnyRow) -> datetime:
        at: datetime = row.ends_at if self.follows(row) else self.now
        return at

    def ends_at(self, starts_at: datetime, anchor_day: int) -> datetime:
        return self.paid_until or end_of_months(starts_at, self.plan.months, anchor_day=anchor_day)

    def is_sliver(self, starts_at: datetime) -> bool:
        """The provider's period ends so soon after `starts_at` that less than half of what was paid for is left."""
        whole = end_of_months(starts_at, self.plan.months, anchor_day=starts_at.day) - starts_at
        until = self.paid_until
        return until is not None and 2 * (until - starts_at) < whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought(PlanPayment):
    """It has succeeded."""

    remote: RemotePayment
    merchant: Merchant

    @property
    def paid_until(self) -> datetime | None:
        return self.remote.paid_until


def whose(session: Session, payment: PaymentView) -> int:
    """Who has, or would have, what a payment for a plan buys."""
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    if row is not None:
        return int(row.user_id)
    merge = merge_of(session, payment.user_id)
    return payment.user_id if merge is None else merge.into_user_id
