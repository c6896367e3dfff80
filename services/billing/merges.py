"""Credits of accounts that became part of others: all of them go there, also what comes to the old account later, such
as a charge that is paid back."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.identities import AccountMerge
from db.tables.users import User
from services.billing import ledger

_merges, _users = table_of(AccountMerge), table_of(User)


def merge_of(session: Session, user_id: int) -> AnyRow | None:
    """The row that tells what this account became part of; None for one that stands by itself."""
    return session.execute(select(_merges).where(_merges.c.from_user_id == user_id)).first()


def move_on(session: Session, merge: AnyRow, now: datetime) -> int:
    """Hundredths that were there and went."""
    moved = ledger.move(
        session, from_user_id=merge.from_user_id, into_user_id=merge.into_user_id, merge_id=merge.id, now=now
    )
    if moved:
        here = _merges.c.id == merge.id
        session.execute(update(_merges).where(here).values(credits=_merges.c.credits + moved))
    return moved


def move_on_all(session: Session, now: datetime) -> int:
    """What has come to merged accounts since. Hundredths in all."""
    held = select(_merges).join(_users, _users.c.id == _merges.c.from_user_id).where(_users.c.balance > 0)
    return sum(move_on(session, merge, now) for merge in session.execute(held.order_by(_merges.c.id)).all())
