"""A payment for a plan that succeeded, and the time that it pays for."""

from dataclasses import dataclass
from datetime import datetime

from db.base import AnyRow
from db.tables.plans import SubscriptionStatus
from services.payments.merchant import Merchant
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentView
from services.plans.months import end_of_months
from services.plans.plans import PlanView

SEAMLESS = (SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """`user_id`: who has the plan, which is not who paid where accounts were merged."""

    payment: PaymentView
    plan: PlanView
    user_id: int
    remote: RemotePayment
    merchant: Merchant
    now: datetime

    @property
    def by_provider(self) -> bool:
        """Who charges by itself has renewed what began with another payment."""
        return self.remote.paid_until is not None and self.payment.consent is None

    @property
    def by_itself(self) -> bool:
        """Nobody stood by: a saved method was charged, or the provider did it by itself."""
        return self.by_provider or self.payment.method_id is not None

    def follows(self, row: AnyRow) -> bool:
        """The period begins when the present one of `row` ends; else now."""
        return row.status in SEAMLESS and row.ends_at >= self.now

    def starts_at(self, row: AnyRow) -> datetime:
        at: datetime = row.ends_at if self.follows(row) else self.now
        return at

    def ends_at(self, starts_at: datetime, anchor_day: int) -> datetime:
        return self.remote.paid_until or end_of_months(starts_at, self.plan.months, anchor_day=anchor_day)

    def is_sliver(self, starts_at: datetime) -> bool:
        """The provider's period ends so soon after `starts_at` that less than half of what was paid for is left."""
        whole = end_of_months(starts_at, self.plan.months, anchor_day=starts_at.day) - starts_at
        until = self.remote.paid_until
        return until is not None and 2 * (until - starts_at) < whole
