"""How a subscription comes to its end, and how its owner thinks better of it."""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.plans import MethodState, SubscriptionStatus
from services.errors import N_, ShopError
from services.notifications.kinds.plans import PlanFact
from services.plans.agreeing import agree_anew
from services.plans.locks import hold_user
from services.plans.methods import find_method, stop
from services.plans.news import tell
from services.plans.rows import NOTHING_CHOSEN, live_of, subscriptions


class NoSubscription(ShopError):
    message = N_("You have no subscription.")


class CannotResume(ShopError):
    """There is nothing that could be charged."""

    message = N_("Nothing can be charged for it any more. Please pay for the next period yourself.")


class RenewedInTelegram(CannotResume):
    """Telegram charges by itself, and whoever ended that there begins it again there."""

    message = N_(
        "Telegram charges for this plan, and only there can it be renewed by itself again: in its settings, under My "
        "Stars. Or pay for the next period yourself."
    )


def cancel(session: Session, user_id: int, now: datetime) -> None:
    """What was paid stays until the end of its period; past due it ends at once. Raises `NoSubscription`."""
    live = paid_one(session, user_id)
    if live.status == SubscriptionStatus.PAST_DUE:
        finish(session, live, SubscriptionStatus.CANCELED, now, quietly=True)
        session.execute(update(subscriptions).where(subscriptions.c.id == live.id).values(canceled_at=now))
        return
    values = {"cancel_at_period_end": True, "auto_renew": False, "canceled_at": now, "look_at": now}
    session.execute(update(subscriptions).where(subscriptions.c.id == live.id).values(values | NOTHING_CHOSEN))
    stop(session, live.method_id, now)


def resume(session: Session, user_id: int, now: datetime) -> None:
    """It is renewed after all, by the method it had. Raises `NoSubscription`, `CannotResume`, `RenewedInTelegram`."""
    live = paid_one(session, user_id)
    if live.auto_renew and not live.cancel_at_period_end:
        return
    method = find_method(session, live.method_id)
    if method is None or method.state is not MethodState.ACTIVE or live.price is None:
        raise CannotResume(subscription_id=live.id)
    if method.by_provider:
        raise RenewedInTelegram(subscription_id=live.id)
    values = {"cancel_at_period_end": False, "auto_renew": True, "canceled_at": None, "look_at": now}
    session.execute(update(subscriptions).where(subscriptions.c.id == live.id).values(values))
    agree_anew(session, live.id, now)


def finish(session: Session, live: AnyRow, status: SubscriptionStatus, now: datetime, *, quietly: bool = False) -> None:
    """It is over. `quietly`: whoever ended it sees it."""
    ended = {"status": status, "ended_at": now, "look_at": None, "auto_renew": False}
    session.execute(update(subscriptions).where(subscriptions.c.id == live.id).values(ended))
    stop(session, live.method_id, now)
    if not quietly:
        tell(session, live, PlanFact.ENDED, now, reason=str(status))


def paid_one(session: Session, user_id: int) -> AnyRow:
    """That of a user who pays, or tries; held. Raises `NoSubscription`."""
    hold_user(session, user_id)
    live = live_of(session, user_id)
    if live is None or (live.price is None and live.status != SubscriptionStatus.TRIALING):
        raise NoSubscription(user_id=user_id)
    return live
