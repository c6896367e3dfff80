"""Rows of `login_requests`, as parts of transactions: a browser waits for the bot to confirm who is there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.identities import EmailLogin, LoginPurpose, LoginRequest
from db.tables.users import User
from services.errors import N_, ShopError
from services.identity.sessions import Device
from services.identity.tokens import MAX_TOKEN, hash_token

_requests, _users, _logins = table_of(LoginRequest), table_of(User), table_of(EmailLogin)

LIFE: Final = timedelta(minutes=5)  # until it is answered, and from then on


class LoginRequestGone(ShopError):
    message = N_("This request is not valid any more. Please begin again on the page.")


class LoginState(StrEnum):
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class BegunLogin:
    """`token` for the link to the bot, `browser_secret` for a cookie of the browser that asks, `number` to be shown
    there."""

    token: str
    browser_secret: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginView:
    """A request as the browser that asked sees it. `number`: 0 where there is none."""

    state: LoginState
    purpose: LoginPurpose = LoginPurpose.SIGN_IN
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedLogin:
    """Who confirmed it. `user_id`: of their account; None where they have none yet and link their Telegram account.
    `asked_by`: whose account it shall belong to."""

    purpose: LoginPurpose
    telegram_id: int
    user_id: int | None
    asked_by: int | None


def _open(token: str, now: datetime) -> ColumnElement[bool]:
    """Nobody has answered yet."""
    return (_requests.c.token_hash == hash_token(token[: MAX_TOKEN + 1])) & _undecided(now)


def _undecided(now: datetime) -> ColumnElement[bool]:
    undecided = _requests.c.confirmed_at.is_(None) & _requests.c.refused_at.is_(None)
    return undecided & (_requests.c.expires_at > now)


def begin_request(
    session: Session,
    begun: BegunLogin,
    *,
    purpose: LoginPurpose,
    device: Device,
    user_id: int | None,
    now: datetime,
) -> None:
    row = {
        "token_hash": hash_token(begun.token),
        "browser_hash": hash_token(begun.browser_secret),
        "purpose": purpose,
        "user_id": user_id,
        "number": begun.number,
        "address": device.address[:45],
        "agent": device.agent[:200],
        "created_at": now,
        "expires_at": now + LIFE,
    }
    session.execute(insert(_requests), row)


def asked_request(session: Session, token: str, now: datetime) -> AnyRow | None:
    """With the address of who asks, where they are known."""
    asked = select(_requests, _logins.c.address.label("email_address")).outerjoin(
        _logins, _logins.c.user_id == _requests.c.user_id
    )
    return session.execute(asked.where(_open(token, now))).first()


def _find(session: Session, which: ColumnElement[bool]) -> AnyRow | None:
    return session.execute(select(_requests).where(which)).first()


def answer_request(session: Session, token: str, number: int | None, telegram_id: int, now: datetime) -> bool:
    this = _open(token, now)
    if number is not None:
        confirmed = update(_requests).where(this, _requests.c.number == number)
        confirmed = confirmed.values(confirmed_at=now, confirmed_telegram_id=telegram_id, expires_at=now + LIFE)
        if session.execute(confirmed.returning(_requests.c.id)).first() is not None:
            return True
    refused = update(_requests).where(this).values(refused_at=now).returning(_requests.c.id)
    if session.execute(refused).first() is None:
        raise LoginRequestGone()
    return False


def _of_browser(token: str, browser_secret: str) -> ColumnElement[bool]:
    both = (hash_token(each[: MAX_TOKEN + 1]) for each in (token, browser_secret))
    return (_requests.c.token_hash == next(both)) & (_requests.c.browser_hash == next(both))


def look_at_request(session: Session, token: str, browser_secret: str, now: datetime) -> LoginView:
    row = _find(session, _of_browser(token, browser_secret))
    if row is None or row.used_at is not None or row.expires_at <= now:
        return LoginView(state=LoginState.GONE)
    return LoginView(state=_state(row), purpose=LoginPurpose(row.purpose), number=row.number)


def _state(row: AnyRow) -> LoginState:
    if row.refused_at is not None:
        return LoginState.REFUSED
    return LoginState.WAITING if row.confirmed_at is None else LoginState.CONFIRMED


def take_login(session: Session, token: str, browser_secret: str, now: datetime) -> ProvedLogin:
    """Once, by the browser that asked, after it was confirmed. Raises `LoginRequestGone`."""
    taken = update(_requests).where(_confirmed(token, browser_secret, now)).values(used_at=now)
    row = session.execute(
        taken.returning(_requests.c.purpose, _requests.c.user_id, _requests.c.confirmed_telegram_id)
    ).first()
    return _proved(session, row)


def confirmed_login(session: Session, token: str, browser_secret: str, now: datetime) -> ProvedLogin:
    """Only a look: it can still be taken. Raises `LoginRequestGone`."""
    return _proved(session, _find(session, _confirmed(token, browser_secret, now)))


def _confirmed(token: str, browser_secret: str, now: datetime) -> ColumnElement[bool]:
    mine = _of_browser(token, browser_secret) & _requests.c.confirmed_at.is_not(None)
    return mine & _requests.c.used_at.is_(None) & (_requests.c.expires_at > now)


def _proved(session: Session, row: AnyRow | None) -> ProvedLogin:
    if row is None:
        raise LoginRequestGone()
    whose = select(_users.c.id).where(_users.c.telegram_id == row.confirmed_telegram_id)
    user_id = session.scalar(whose)
    purpose = LoginPurpose(row.purpose)
    if user_id is None and purpose is not LoginPurpose.LINK:
        raise LoginRequestGone()
    telegram_id: int = row.confirmed_telegram_id
    return ProvedLogin(purpose=purpose, telegram_id=telegram_id, user_id=user_id, asked_by=row.user_id)


def sweep_requests(session: Session, now: datetime) -> int:
    over = delete(_requests).where(_requests.c.expires_at <= now).returning(_requests.c.id)
    return len(session.execute(over).all())
