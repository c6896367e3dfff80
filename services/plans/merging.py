"""Two accounts become one: a subscription goes over with its card."""

from datetime import datetime

from sqlalchemy import and_, exists, func, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.plans import MethodState, SubscriptionStatus
from services.plans.endings import finish
from services.plans.methods import methods
from services.plans.replacing import replace_periods
from services.plans.rows import live_of, periods, subscriptions
from services.plans.trials import trials


def both_subscribe(session: Session, old: int, heir: int) -> bool:
    """Two paid plans cannot become one."""
    return all(_is_paid(live_of(session, each)) for each in (old, heir))


def hand_over(session: Session, old: int, heir: int, now: datetime) -> None:
    """Both are held. The free plan is everybody's: it gives way."""
    theirs, own = live_of(session, old), live_of(session, heir)
    keeps = _is_paid(theirs)
    gone = own if keeps else theirs
    if gone is not None:
        replace_periods(session, gone, {}, now)
        finish(session, gone, SubscriptionStatus.CANCELED, now, quietly=True)
    if keeps and theirs is not None:
        session.execute(update(subscriptions).where(subscriptions.c.id == theirs.id).values(user_id=heir))
        session.execute(update(periods).where(periods.c.subscription_id == theirs.id).values(user_id=heir))
    _hand_over_methods(session, old, heir, now)
    if not session.scalar(select(exists().where(trials.c.user_id == heir))):
        session.execute(update(trials).where(trials.c.user_id == old).values(user_id=heir))


def _hand_over_methods(session: Session, old: int, heir: int, now: datetime) -> None:
    """A card that both had saved stays with the heir."""
    own = methods.alias()
    same = [methods.c[name] == own.c[name] for name in ("provider", "provider_shop_id", "token")]
    twice = select(methods.c.id, own.c.id).join(own, and_(*same)).where(methods.c.user_id == old, own.c.user_id == heir)
    for theirs, ours in session.execute(twice).all():
        charged = subscriptions.c.method_id == theirs
        consent = select(methods.c.consent).where(methods.c.id == theirs).scalar_subquery()
        moved = update(subscriptions).where(charged).values(method_id=ours).returning(subscriptions.c.id)
        if session.execute(moved).all():  # it is charged what its owner agreed to for it
            session.execute(update(methods).where(methods.c.id == ours).values(consent=consent))
        gone = {"state": MethodState.UNLINKED, "token": None, "unlinked_at": now, "updated_at": now}
        session.execute(update(methods).where(methods.c.id == theirs).values(gone))
    known_by = func.coalesce(methods.c.kept_for, old)
    session.execute(update(methods).where(methods.c.user_id == old).values(user_id=heir, kept_for=known_by))


def _is_paid(live: AnyRow | None) -> bool:
    return live is not None and (live.price is not None or live.status == SubscriptionStatus.TRIALING)
