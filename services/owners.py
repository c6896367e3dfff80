"""What only the shop's owners can mend, told to those of them who have opened the bot."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.users import User
from services import outbox

_users = table_of(User)


def tell_owners(
    session: Session, owners: Collection[int], *, kind: str, payload: JsonObject, key: str, now: datetime
) -> None:
    """Part of a caller's transaction. `owners`: Telegram ids. Each is told a `key` once."""
    known = select(_users.c.id).where(_users.c.telegram_id.in_(owners)).order_by(_users.c.id)
    for user_id in session.scalars(known).all() if owners else ():
        outbox.enqueue(session, user_id=user_id, kind=kind, payload=payload, key=f"{key}:{user_id}", now=now)
