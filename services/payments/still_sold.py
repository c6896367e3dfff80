"""Whether what a payment buys is sold still, at its price: a link or an invoice may be older than that."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.currencies import Currency
from db.tables.plans import Plan, PlanPrice
from services.payments.packages import PackageGone, package_on_sale
from services.payments.pricing import CurrencyNotTaken, Pricing, price_in
from services.payments.queries import PaymentView

_plans, _prices = table_of(Plan), table_of(PlanPrice)


def is_sold(session: Session, payment: PaymentView, pricing: Pricing, now: datetime) -> bool:
    """The next period of a subscription keeps the price that was agreed."""
    if payment.subscription_id is not None:
        return True
    if payment.plan_id is not None:
        price = select(_prices.c.amount).join(_plans, _plans.c.id == _prices.c.plan_id)
        here = _plans.c.id == payment.plan_id, _plans.c.enabled, _prices.c.currency == payment.amount.currency
        return session.scalar(price.where(*here)) == payment.amount.minor
    if payment.package_id is not None:
        try:
            package = package_on_sale(session, payment.package_id, payment.user_id, now)
            price_now = price_in(package.price, Currency(payment.amount.currency), pricing)
        except (PackageGone, CurrencyNotTaken):
            return False
        return (price_now, package.credits) == (payment.amount, payment.credits)
    return True
