"""What payments need to know of plans."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.plans import Plan, PlanPrice
from services.payments.fulfilment import Fulfilment
from services.payments.merchant import Merchant
from services.payments.pricing import Pricing
from services.payments.providers.base import Buyer, ProviderWord, RemotePayment, SavedMethod
from services.payments.queries import PaymentView
from services.plans import by_provider, chargeable, dunning, periods

_plans, _prices = table_of(Plan), table_of(PlanPrice)
_price_now = (
    select(_prices.c.amount)
    .join(_plans, _plans.c.id == _prices.c.plan_id)
    .where(_plans.c.id == bindparam("plan"), _plans.c.enabled, _prices.c.currency == bindparam("currency"))
)


class PlanFulfilment(Fulfilment):
    def paid(
        self, session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, now: datetime
    ) -> None:
        periods.paid(session, payment, remote, merchant, now)

    def is_sold(self, session: Session, payment: PaymentView, pricing: Pricing, now: datetime) -> bool:
        """The next period of a subscription keeps the price that was agreed."""
        if payment.subscription_id is not None:
            return True
        which = {"plan": payment.plan_id, "currency": payment.amount.currency}
        return session.scalar(_price_now, which) == payment.amount.minor

    def refunded(self, session: Session, payment: PaymentView, now: datetime) -> None:
        periods.refunded(session, payment, now)

    def renewal_of(
        self, session: Session, first: PaymentView, remote: RemotePayment, now: datetime
    ) -> PaymentView | None:
        return by_provider.renewal_of(session, first, remote, now)

    def provider_said(self, session: Session, payment: PaymentView, word: ProviderWord, now: datetime) -> None:
        by_provider.provider_said(session, payment.id, word, now)

    def chargeable(self, session: Session, payment: PaymentView, buyer: Buyer) -> SavedMethod | None:
        return chargeable.chargeable(session, payment, buyer)

    def planned_at(self, session: Session, payment: PaymentView) -> datetime:
        return chargeable.planned_at(session, payment)

    def declined(self, session: Session, payment: PaymentView, reason: str, now: datetime) -> None:
        dunning.declined(session, payment, reason, now)

    def not_made(self, session: Session, payment: PaymentView, now: datetime) -> None:
        dunning.not_made(session, payment, now)
