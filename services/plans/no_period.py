"""Why money for a plan buys no period, or would buy none."""

from enum import StrEnum

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.plans import LIVE, SubscriptionStatus
from db.tables.users import User
from services.plans.bought import PlanPayment
from services.plans.changes import begins_at_once
from services.plans.locks import is_shut_out
from services.plans.replacing import is_being_refunded
from services.plans.saving import was_taken_back

_users = table_of(User)
_gone = select(_users.c.id).where(_users.c.id == bindparam("user"), _users.c.deleted_at.is_not(None))


class NoPeriod(StrEnum):
    """In words of the log."""

    ACCOUNT_GONE = "the account is gone"
    SHUT_OUT = "who would have it is shut out"
    OVER = "its period is over, or nearly"
    ORPHAN = "what it would renew is gone"
    NOT_SOLD = "the plan is not sold any more"
    PAID = "it is paid"
    DEARER = "a dearer plan took its place"
    REFUNDED = "money for what it would take the place of is being sent back"
    THERE = "the period is there"
    NOT_WANTED = "it was not to be charged any more"
    CANCELED = "it was cancelled"
    REPLACED = "another one took its place"
    PAID_OTHERWISE = "its period is paid, or nearly"


def why_no_period(session: Session, bought: PlanPayment, row: AnyRow | None, live: AnyRow | None) -> NoPeriod | None:
    """`row`: the subscription that the payment is for; `live`: the user's. None where there is something to buy."""
    if session.connection().execute(_gone, {"user": bought.user_id}).first() is not None:
        return NoPeriod.ACCOUNT_GONE
    if bought.by_itself and is_shut_out(session, bought.user_id):
        return NoPeriod.SHUT_OUT
    if bought.is_sliver(bought.now):
        return NoPeriod.OVER
    return _refusal_of_first(session, bought, live) if row is None else _refusal_of_next(session, bought, row, live)


def _refusal_of_first(session: Session, bought: PlanPayment, live: AnyRow | None) -> NoPeriod | None:
    if bought.by_itself:
        return NoPeriod.ORPHAN
    if not bought.plan.enabled or bought.plan.is_free:
        return NoPeriod.NOT_SOLD
    if live is None or live.price is None:
        return None
    if live.plan_id == bought.plan.id:
        return NoPeriod.PAID if live.status == SubscriptionStatus.ACTIVE else None
    if not begins_at_once(session, live, bought.plan):
        return NoPeriod.DEARER
    return NoPeriod.REFUNDED if is_being_refunded(session, live.id, bought.now) else None


def _refusal_of_next(session: Session, bought: PlanPayment, row: AnyRow, live: AnyRow | None) -> NoPeriod | None:
    """The next period of `row` is bought once, while anybody wants it."""
    if bought.payment.period_number != row.number + 1:
        return NoPeriod.THERE
    if bought.by_itself and (row.cancel_at_period_end or was_taken_back(session, bought.payment.method_id)):
        return NoPeriod.NOT_WANTED
    if row.status == SubscriptionStatus.CANCELED:
        return NoPeriod.CANCELED
    if live is not None and live.id != row.id and live.price is not None:
        return NoPeriod.REPLACED
    return NoPeriod.PAID_OTHERWISE if row.status in LIVE and bought.is_sliver(bought.starts_at(row)) else None
