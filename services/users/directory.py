"""All users for those who run the shop: searched and filtered by the database, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, exists, false, or_, select, tuple_
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.identities import AccountMerge
from db.tables.users import Admin, Role, User
from services.digits import whole_number
from services.moments import read_moment, write_moment
from services.users.roles import Staff
from services.users.search import MAX_ID, UserLine, fits, heirs_of

_users, _admins, _merges = table_of(User), table_of(Admin), table_of(AccountMerge)
ON_PAGE: Final = 50


class Gone(StrEnum):
    """Why an account is nobody's any more."""

    MERGED = "merged"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """`text`: as in `search`, empty for everybody; `balance`: at least so many hundredths of a credit; `seen_days`:
    seen within so many days; `closed`: the shop is closed to them; `gone`: accounts that became part of another one, or
    were deleted by their owners."""

    text: str = ""
    role: Role | None = None
    closed: bool = False
    gone: Gone | None = None
    balance: int | None = None
    seen_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenUser(UserLine):
    """A user in the list of all; `merged_into`: the account that this one became part of."""

    role: Role | None
    merged_into: int | None
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """The last seen first; `more`: where the next page begins, None on the last one."""

    items: Sequence[SeenUser]
    more: str | None


def page_of_users(session: Session, wanted: UserFilter, after: str, staff: Staff, now: datetime) -> UserPage:
    """`after`: as the page before said, empty for the first; one that cannot be read is the first, too. Pages are told
    by where they begin, so that the last of thousands costs what the first does."""
    here = _here(wanted, staff, now)
    if here is None:
        return UserPage(items=[], more=None)
    if (begins := _read_cursor(after)) is not None:
        here = [*here, tuple_(_users.c.last_seen_at, _users.c.id) < tuple_(*begins)]
    query = select(_users).where(*here).order_by(_users.c.last_seen_at.desc(), _users.c.id.desc())
    rows = session.execute(query.limit(ON_PAGE + 1)).all()
    shown = rows[:ON_PAGE]
    roles = _roles(session, shown, staff)
    heirs = heirs_of(session, [row.id for row in shown if row.deleted_at is not None])
    more = f"{write_moment(shown[-1].last_seen_at)}_{shown[-1].id}" if len(rows) > ON_PAGE else None
    return UserPage(items=[_seen(row, roles.get(row.id), heirs.get(row.id)) for row in shown], more=more)


def _here(wanted: UserFilter, staff: Staff, now: datetime) -> list[ColumnElement[bool]] | None:
    """None where nobody can fit."""
    here: list[ColumnElement[bool]] = []
    if text := " ".join(wanted.text.replace("\x00", "").split())[:64]:
        if (found := fits(text)) is None:
            return None
        here.append(found)
    if wanted.role is not None:
        here.append(_with_role(wanted.role, staff))
    if wanted.closed:
        here.append(_users.c.disabled_at.is_not(None))
    if wanted.gone is not None:
        here.append(_gone(wanted.gone))
    if wanted.balance is not None:
        here.append(_users.c.balance >= wanted.balance)
    if wanted.seen_days is not None:
        here.append(_users.c.last_seen_at >= now - timedelta(days=wanted.seen_days))
    return here


def _gone(why: Gone) -> ColumnElement[bool]:
    merged = exists().where(_merges.c.from_user_id == _users.c.id)
    return _users.c.deleted_at.is_not(None) & (merged if why is Gone.MERGED else ~merged)


def _with_role(role: Role, staff: Staff) -> ColumnElement[bool]:
    owners = _users.c.telegram_id.in_(staff.owner_ids)
    if role is Role.OWNER:
        return owners
    appointed = _users.c.id.in_(select(_admins.c.user_id).where(_admins.c.role == role, _admins.c.user_id.is_not(None)))
    return appointed & or_(_users.c.telegram_id.is_(None), ~owners) if staff.owner_ids else appointed


def _roles(session: Session, rows: Sequence[AnyRow], staff: Staff) -> dict[int, Role]:
    ids = [row.id for row in rows]
    given = session.execute(
        select(_admins.c.user_id, _admins.c.role).where(_admins.c.user_id.in_(ids) if ids else false())
    )
    roles = {row.user_id: Role(row.role) for row in given}
    return roles | {row.id: Role.OWNER for row in rows if row.telegram_id in staff.owner_ids}


def _seen(row: AnyRow, role: Role | None, heir: int | None) -> SeenUser:
    return SeenUser(
        id=row.id,
        telegram_id=row.telegram_id,
        username=row.username,
        first_name=row.first_name,
        balance=row.balance,
        disabled=row.disabled_at is not None,
        gone=row.deleted_at is not None,
        role=role,
        merged_into=heir,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
    )


def _read_cursor(text: str) -> tuple[datetime, int] | None:
    moment, _, number = text.partition("_")
    at, user_id = read_moment(moment), whole_number(number, most=MAX_ID)
    return None if at is None or user_id is None else (at, user_id)
