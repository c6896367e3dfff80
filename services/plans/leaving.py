"""Somebody deletes their account: nothing is charged any more, and no card is left."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.tables.plans import SubscriptionStatus
from services.plans.endings import finish
from services.plans.methods import KEPT, forget, methods
from services.plans.replacing import replace_periods
from services.plans.rows import live_of


def leave(session: Session, user_id: int, now: datetime) -> None:
    """The user is held."""
    live = live_of(session, user_id)
    if live is not None:
        replace_periods(session, live, {}, now)
        finish(session, live, SubscriptionStatus.CANCELED, now, quietly=True)
    mine = methods.c.user_id == user_id
    for method_id in session.scalars(select(methods.c.id).where(mine, methods.c.state.in_(KEPT))).all():
        forget(session, method_id, now)
    nobody = {"title": "", "card_type": None, "card_last4": None}
    session.execute(update(methods).where(mine).values(nobody))
