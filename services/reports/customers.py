"""How many customers there are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.users import User

_users = table_of(User)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCount:
    """`new`: who came since then; `active`: who was seen since then."""

    all: int
    new: int
    active: int


def count_customers(session: Session, since: datetime) -> CustomerCount:
    everybody = select(func.count()).select_from(_users)
    return CustomerCount(
        all=session.scalar(everybody) or 0,
        new=session.scalar(everybody.where(_users.c.created_at >= since)) or 0,
        active=session.scalar(everybody.where(_users.c.last_seen_at >= since)) or 0,
    )
