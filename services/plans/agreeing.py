"""Other terms for a saved way of paying: what its owner agreed to before stays beside them."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.plans import MethodState
from db.tables.users import User
from services.money import Money
from services.plans.consent import consent_row
from services.plans.methods import methods

_users = table_of(User)


def agree_anew(session: Session, subscription: AnyRow, price: Money, months: int, now: datetime) -> None:
    """To `price` for each period from the next one on. Who charges by itself knows one price."""
    here = (methods.c.id == subscription.method_id) & (methods.c.state == MethodState.ACTIVE) & ~methods.c.by_provider
    before = session.scalar(select(methods.c.consent).where(here))
    if before is None:
        return
    language = session.scalars(select(_users.c.language).where(_users.c.id == subscription.user_id)).one()
    last = {name: value for name, value in before.items() if name != "earlier"}
    consent = consent_row(price, months, language, now) | {"earlier": [*before.get("earlier", []), last]}
    session.execute(update(methods).where(here).values(consent=consent, updated_at=now))
