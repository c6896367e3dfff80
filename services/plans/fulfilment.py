"""What payments need to know of plans."""

from datetime import datetime

from sqlalchemy.orm import Session

from services.notifications.kinds.payments import RefundEnds
from services.payments.fulfilment import Fulfilment, NotSold
from services.payments.merchant import Merchant
from services.payments.pricing import Pricing
from services.payments.providers.base import Buyer, ProviderWord, RemotePayment, SavedMethod
from services.payments.queries import PaymentView
from services.plans import by_provider, chargeable, dunning, not_sold, periods


class PlanFulfilment(Fulfilment):
    def paid(
        self, session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, now: datetime
    ) -> None:
        periods.paid(session, payment, remote, merchant, now)

    def why_not_sold(self, session: Session, payment: PaymentView, pricing: Pricing, now: datetime) -> NotSold | None:
        return not_sold.why_not_sold(session, payment, now)

    def refunded(self, session: Session, payment: PaymentView, now: datetime) -> RefundEnds:
        return periods.refunded(session, payment, now)

    def renewal_of(
        self, session: Session, first: PaymentView, remote: RemotePayment, now: datetime
    ) -> PaymentView | None:
        return by_provider.renewal_of(session, first, remote, now)

    def provider_said(self, session: Session, payment: PaymentView, word: ProviderWord, now: datetime) -> None:
        by_provider.provider_said(session, payment.id, word, now)

    def chargeable(self, session: Session, payment: PaymentView, buyer: Buyer, now: datetime) -> SavedMethod | None:
        return chargeable.chargeable(session, payment, buyer, now)

    def planned_at(self, session: Session, payment: PaymentView) -> datetime:
        return chargeable.planned_at(session, payment)

    def declined(self, session: Session, payment: PaymentView, reason: str, now: datetime) -> None:
        dunning.declined(session, payment, reason, now)

    def not_made(self, session: Session, payment: PaymentView, now: datetime) -> None:
        dunning.not_made(session, payment, now)
