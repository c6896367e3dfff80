"""Whether a saved method may still be charged for a payment that was begun."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.tables.plans import LIVE, MethodState
from services.payments.providers.base import Buyer, SavedMethod
from services.payments.queries import PaymentView
from services.plans.methods import methods
from services.plans.not_sold import why_not_sold
from services.plans.pressed import is_taken_back
from services.plans.rows import subscription_row
from services.plans.times import charge_at

_active = select(methods).where(
    methods.c.id == bindparam("method"),
    methods.c.state == MethodState.ACTIVE,
    methods.c.provider == bindparam("provider"),
    methods.c.provider_shop_id == bindparam("shop"),  # a token is worth nothing in another one, or another card
)


def chargeable(session: Session, payment: PaymentView, buyer: Buyer, now: datetime) -> SavedMethod | None:
    """None where it may not."""
    where = {"provider": payment.provider, "shop": payment.provider_shop_id}
    method = session.connection().execute(_active, where | {"method": payment.method_id}).first()
    wanted = _is_due(session, payment) if payment.by_itself else _is_still_wanted(session, payment, now)
    if method is None or not wanted:
        return None
    return SavedMethod(
        id=method.id,
        token=method.token,
        kept_for=method.user_id if method.kept_for is None else method.kept_for,
        telegram_id=buyer.telegram_id,
        by_owner=not payment.by_itself,
    )


def _is_still_wanted(session: Session, payment: PaymentView, now: datetime) -> bool:
    """Of a button's charge that waits for its answer: who cancels the plan meanwhile takes it back."""
    return why_not_sold(session, payment, now) is None and not is_taken_back(session, payment)


def _is_due(session: Session, payment: PaymentView) -> bool:
    """The next period of a subscription that is to go on."""
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    if row is None or row.status not in LIVE or row.cancel_at_period_end:
        return False
    return bool(row.number + 1 == payment.period_number)


def planned_at(session: Session, payment: PaymentView) -> datetime:
    """When the next period was to be charged first. In books that were put back from a copy it may have been."""
    row = None if payment.subscription_id is None else subscription_row(session, payment.subscription_id)
    return payment.created_at if row is None else min(payment.created_at, charge_at(row.ends_at))
