"""Other terms for a saved way of paying: what its owner agreed to before stays beside them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.currencies import Currency
from db.tables.plans import MethodState
from db.tables.users import User
from services.money import Money
from services.plans.consent import consent_row, in_place_of
from services.plans.methods import methods
from services.plans.plans import find_plan
from services.plans.rows import subscription_row, terms_to_come

_users = table_of(User)


def agree_anew(session: Session, subscription_id: UUID, now: datetime) -> None:
    """To what is charged from the next period on. Part of whatever changes that, behind a button beside which it was
    shown. Where nothing is charged by itself there is nothing to agree to, until it is renewed again. Who charges by
    itself knows one price."""
    row = subscription_row(session, subscription_id)
    assert row is not None  # it has just changed
    here = (methods.c.id == row.method_id) & (methods.c.state == MethodState.ACTIVE) & ~methods.c.by_provider
    before = session.scalar(select(methods.c.consent).where(here))
    plan_id, minor = terms_to_come(row)
    if before is None or minor is None or not row.auto_renew:
        return
    language = session.scalars(select(_users.c.language).where(_users.c.id == row.user_id)).one()
    price, months = Money(minor, Currency(row.currency)), find_plan(session, plan_id).months
    consent = in_place_of(before, consent_row(price, months, language, now))
    session.execute(update(methods).where(here).values(consent=consent, updated_at=now))
