"""The payment of a subscription's next period, where one is open."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.payments import PaymentStatus
from services.errors import N_, ShopError
from services.payments.changes import OPEN
from services.payments.queries import PaymentView, find_payment, payments


class RenewalUnderWay(ShopError):
    message = N_("The next period is being paid right now. Please look again in some minutes.")


def open_page(session: Session, live: AnyRow) -> PaymentView | None:
    """Where it can be paid by hand. Raises `RenewalUnderWay` where its money may be on the way."""
    here = (payments.c.subscription_id == live.id) & (payments.c.period_number == live.number + 1)
    open_id = session.scalar(select(payments.c.id).where(here, payments.c.status.in_(OPEN)))
    page = None if open_id is None else find_payment(session, open_id)
    if page is not None and (page.method_id is not None or page.status is not PaymentStatus.PENDING):
        raise RenewalUnderWay(subscription_id=live.id)
    return page
