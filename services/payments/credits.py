"""Credits for ever, or for the days of their package."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from db.tables.billing import TransactionKind
from db.tables.currencies import Currency
from services.billing import ledger
from services.payments.fulfilment import Fulfilment, NotSold
from services.payments.merchant import Merchant
from services.payments.packages import PackageGone, package_on_sale
from services.payments.pricing import CurrencyNotTaken, DiscountOf, Pricing, price_in
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentView


@dataclass(frozen=True, slots=True)
class CreditFulfilment(Fulfilment):
    discount_of: DiscountOf

    def paid(
        self, session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, now: datetime
    ) -> None:
        paid_at = payment.paid_at or now
        expires_at = None if payment.valid_days is None else paid_at + timedelta(days=payment.valid_days)
        ledger.grant(
            session,
            user_id=payment.user_id,
            amount=payment.credits,
            kind=TransactionKind.TOPUP,
            key=f"topup:{payment.id}",
            now=now,
            expires_at=expires_at,
            payment_id=payment.id,
        )

    def why_not_sold(self, session: Session, payment: PaymentView, pricing: Pricing, now: datetime) -> NotSold | None:
        if payment.package_id is None:
            return None
        try:
            package = package_on_sale(session, payment.package_id, payment.user_id, now, self.discount_of)
            price_now = price_in(package.price, Currency(payment.amount.currency), pricing)
        except (PackageGone, CurrencyNotTaken):
            return NotSold.CHANGED
        return None if (price_now, package.credits) == (payment.amount, payment.credits) else NotSold.CHANGED
