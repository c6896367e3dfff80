"""In which order: the payment, the user, the subscription, the plan, its periods and allowances, lots."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.plans import Plan
from db.tables.users import User

_users, _plans = table_of(User), table_of(Plan)
_held = select(_users.c.id).where(_users.c.id == bindparam("user")).with_for_update(key_share=True)
_terms = select(_plans.c.id).where(_plans.c.id == bindparam("plan")).with_for_update(read=True)

_shut_out = select(_users.c.id).where(_users.c.id == bindparam("user"), _users.c.disabled_at.is_not(None))


def hold_user(session: Session, user_id: int) -> None:
    """Nobody else begins, changes or ends a subscription of this user until the transaction ends."""
    session.connection().execute(_held, {"user": user_id})


def hold_terms(session: Session, plan_id: int) -> None:
    """No owner changes the plan until the transaction ends: what it agrees to is seen by who asks whether the plan may
    give less."""
    session.connection().execute(_terms, {"plan": plan_id})


def is_shut_out(session: Session, user_id: int) -> bool:
    """By an owner: nothing is charged for what they cannot use."""
    return session.connection().execute(_shut_out, {"user": user_id}).first() is not None
