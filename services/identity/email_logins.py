"""Rows of `email_logins`: what becomes of an address and its password, as parts of transactions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.identities import EmailLogin
from db.tables.users import User
from db.upsert import insert_into
from services.errors import N_, ShopError
from services.identity.mail_tokens import LinkNotValid
from services.notifications.outbox import Mailbox
from services.users.accounts import welcome
from services.users.departures import PersonKey

_logins, _users = table_of(EmailLogin), table_of(User)


class NoEmailLogin(ShopError):
    message = N_("Your account has no e-mail address to sign in by.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailLoginView:
    """`unconfirmed_address`: they wait for a letter there."""

    address: str
    unconfirmed_address: str | None
    password_changed_at: datetime


_with_user = select(_logins, _users.c.language, _users.c.email, _users.c.disabled_at).join(
    _users, _users.c.id == _logins.c.user_id
)


def find_by_address(session: Session, address: str) -> AnyRow | None:
    """A login with its user's language."""
    return session.execute(_with_user.where(_logins.c.address == address, _users.c.deleted_at.is_(None))).first()


def login_of(session: Session, user_id: int) -> AnyRow:
    """Likewise. Raises `NoEmailLogin`."""
    row = session.execute(_with_user.where(_logins.c.user_id == user_id)).first()
    if row is None:
        raise NoEmailLogin(user_id=user_id)
    return row


def view_login(session: Session, user_id: int) -> EmailLoginView | None:
    row = session.execute(_with_user.where(_logins.c.user_id == user_id)).first()
    if row is None:
        return None
    return EmailLoginView(
        address=row.address,
        unconfirmed_address=row.unconfirmed_address,
        password_changed_at=row.password_changed_at,
    )


def mailbox_of(row: AnyRow) -> Mailbox:
    return Mailbox(address=row.address, language=row.language, user_id=row.user_id)


def create_account(
    session: Session,
    *,
    address: str,
    password_hash: str,
    name: str,
    language: str,
    welcome_credits: int,
    people: PersonKey,
    now: datetime,
) -> int:
    """A user who comes by this address, with welcome credits unless they had some before they left. Raises
    `LinkNotValid`: meanwhile it is somebody's."""
    new = {"first_name": name, "language": language, "email": address, "created_at": now, "last_seen_at": now}
    user_id: int = session.execute(insert(_users).values(new).returning(_users.c.id)).scalar_one()
    add_login(session, user_id, address=address, password_hash=password_hash, now=now)
    welcome(session, user_id, people.email(address), welcome_credits, now)
    return user_id


def add_login(session: Session, user_id: int, *, address: str, password_hash: str, now: datetime) -> None:
    """An account gets this way in. Raises `LinkNotValid`: meanwhile the address is somebody's."""
    row = {
        "user_id": user_id,
        "address": address,
        "password_hash": password_hash,
        "password_changed_at": now,
        "created_at": now,
    }
    added = insert_into(session, _logins).values(row).on_conflict_do_nothing().returning(_logins.c.user_id)
    if session.execute(added).first() is None:
        raise LinkNotValid()


def set_password(session: Session, user_id: int, password_hash: str, now: datetime) -> None:
    _change(session, user_id, {"password_hash": password_hash, "password_changed_at": now})


def hash_anew(session: Session, user_id: int, old: str, new: str) -> None:
    """The same password at another cost, unless it was changed meanwhile."""
    kept = (_logins.c.user_id == user_id) & (_logins.c.password_hash == old)
    session.execute(update(_logins).where(kept).values(password_hash=new))


def expect_address(session: Session, user_id: int, address: str) -> None:
    """It will be theirs when it is confirmed."""
    _change(session, user_id, {"unconfirmed_address": address})


def take_address(session: Session, login: AnyRow, address: str) -> None:
    """The confirmed one takes the old one's place, for receipts too where those went to the old one. Raises
    `LinkNotValid`: another one is expected by now, or meanwhile it is somebody's."""
    if login.unconfirmed_address != address or find_by_address(session, address) is not None:
        raise LinkNotValid()
    _change(session, login.user_id, {"address": address, "unconfirmed_address": None})
    if login.email in (None, login.address):
        session.execute(update(_users).where(_users.c.id == login.user_id).values(email=address))


def _change(session: Session, user_id: int, values: dict[str, Any]) -> None:  # Any: the columns' values
    session.execute(update(_logins).where(_logins.c.user_id == user_id).values(values))
