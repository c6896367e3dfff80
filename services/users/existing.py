"""Whoever something is sold to, or kept for, is still there: looked at in the transaction that does it."""

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.users import User
from services.errors import N_
from services.users.accounts import UserDisabled

_users: Final = table_of(User)
# FOR KEY SHARE, as a row that refers to the user takes it: who deletes the account waits for it, and it for them
_held = select(_users.c.deleted_at).where(_users.c.id == bindparam("user")).with_for_update(read=True, key_share=True)


class AccountGone(UserDisabled):
    message = N_("This account has been deleted.")


def require_existing(session: Session, user_id: int) -> None:
    """Nobody deletes the account until the transaction ends. Raises AccountGone."""
    if session.connection().execute(_held, {"user": user_id}).scalar_one() is not None:
        raise AccountGone(user_id=user_id)
