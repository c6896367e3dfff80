"""Whether a saved method may still be charged for a payment that was begun."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.tables.plans import LIVE, MethodState
from services.payments.providers.base import Buyer, SavedMethod
from services.payments.queries import PaymentView
from services.plans.methods import methods
from services.plans.rows import subscription_row
from services.plans.times import charge_at

_active = select(methods).where(
    methods.c.id == bindparam("method"),
    methods.c.state == MethodState.ACTIVE,
    methods.c.provider == bindparam("provider"),
    methods.c.provider_shop_id == bindparam("shop"),  # a token is worth nothing in another one, or another card
)


def chargeable(session: Session, payment: PaymentView, buyer: Buyer) -> SavedMethod | None:
    """None where it may not."""
    where = {"provider": payment.provider, "shop": payment.provider_shop_id}
    method = session.connection().execute(_active, where | {"method": payment.method_id}).first()
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    wanted = row is not None and row.status in LIVE and not row.cancel_at_period_end
    if method is None or row is None or not wanted or row.number + 1 != payment.period_number:
        return None
    known_by = method.user_id if method.kept_for is None else method.kept_for
    return SavedMethod(id=method.id, token=method.token, kept_for=known_by, telegram_id=buyer.telegram_id)


def planned_at(session: Session, payment: PaymentView) -> datetime:
    """When the next period was to be charged first. In books that were put back from a copy it may have been."""
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    return payment.created_at if row is None else min(payment.created_at, charge_at(row.ends_at))
