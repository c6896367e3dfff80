"""Rows of `api_keys` as parts of others' transactions."""

from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import ApiKey, ApiScope

_keys = table_of(ApiKey)


def revoke_keys(session: Session, user_id: int, now: datetime, *, key_id: int | None = None) -> int:
    """All of a user's, or one. How many there were."""
    mine = (_keys.c.user_id == user_id) & _keys.c.revoked_at.is_(None)
    chosen = mine if key_id is None else mine & (_keys.c.id == key_id)
    return len(session.execute(update(_keys).where(chosen).values(revoked_at=now).returning(_keys.c.id)).all())


def revoke_admin_keys(session: Session, user_id: int, now: datetime) -> None:
    """Those that act for a role."""
    mine = select(_keys.c.id, _keys.c.scopes).where(_keys.c.user_id == user_id, _keys.c.revoked_at.is_(None))
    acting = [row.id for row in session.execute(mine) if ApiScope.ADMIN in row.scopes["scopes"]]
    session.execute(update(_keys).where(_keys.c.id.in_(acting)).values(revoked_at=now))


def forget_revoked(session: Session, before: datetime) -> int:
    old = delete(_keys).where(_keys.c.revoked_at < before)
    return len(session.execute(old.returning(_keys.c.id)).all())


def count_valid_keys(session: Session, user_id: int, now: datetime) -> int:
    lives = _keys.c.expires_at.is_(None) | (_keys.c.expires_at > now)
    valid = select(func.count()).where(_keys.c.user_id == user_id, _keys.c.revoked_at.is_(None), lives)
    return session.scalar(valid) or 0
