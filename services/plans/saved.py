"""A saved way of paying, charged when its owner presses a button for that: a dearer plan, a plan begun anew, the next
period."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.tables.payments import PaymentStatus
from db.tables.plans import MethodState
from services.errors import N_
from services.payments.context import ProviderAccount
from services.payments.providers.base import Autopay
from services.payments.queries import payments
from services.plans.methods import MethodGone, MethodView, method_view, methods
from services.plans.next_payment import RenewalUnderWay
from services.plans.pressed import is_charge_pressed
from services.plans.times import DAY, MOST_IN_A_DAY


class ChargeUnderWay(RenewalUnderWay):
    message = N_("A plan is being paid from your saved way to pay right now. Please look again in some minutes.")


def saved_for(session: Session, user_id: int, account: ProviderAccount, now: datetime) -> MethodView | None:
    """That which was agreed to last, of those that this shop can charge, and may today: banks take too many tries
    ill."""
    if account.provider.autopay is not Autopay.BY_SHOP:
        return None
    merchant, since = account.merchant, now - DAY
    mine = (payments.c.user_id == user_id) & (payments.c.method_id == methods.c.id)
    declined = mine & (payments.c.status == PaymentStatus.CANCELED) & (payments.c.created_at > since)
    tries = select(func.count()).select_from(payments).where(declined).scalar_subquery()
    query = select(methods).where(
        methods.c.user_id == user_id,
        methods.c.provider == merchant.provider,
        methods.c.provider_shop_id == merchant.shop_id,
        methods.c.state == MethodState.ACTIVE,
        ~methods.c.by_provider,
        tries < MOST_IN_A_DAY,
    )
    row = session.execute(query.order_by(methods.c.updated_at.desc(), methods.c.id).limit(1)).first()
    return None if row is None else method_view(row)


def check_saved(session: Session, user_id: int, method_id: UUID, account: ProviderAccount, now: datetime) -> None:
    """It is that which was offered. Raises `MethodGone`."""
    saved = saved_for(session, user_id, account, now)
    if saved is None or saved.id != method_id:
        raise MethodGone(method_id=method_id)


def check_none_under_way(session: Session, user_id: int) -> None:
    """Behind its user's lock: two would be two charges, of which one buys nothing. Raises `ChargeUnderWay`."""
    if is_charge_pressed(session, user_id):
        raise ChargeUnderWay(user_id=user_id)
