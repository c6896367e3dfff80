"""A way in that needs no foreign host: a browser shows a link to the bot and a number, the bot asks which number stands
there, and the browser that asked goes on. Whoever is sent somebody else's link sees no number."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.identities import EmailLogin, LoginPurpose, LoginRequest
from db.tables.users import User
from services.clock import Clock
from services.errors import N_, ShopError
from services.identity.arrivals import Arrival, Opened, open_session
from services.identity.sessions import Device
from services.identity.throttles import Throttles
from services.identity.tokens import MAX_TOKEN, NewToken, hash_token, new_token
from services.users.accounts import UserDisabled

_requests, _users, _logins = table_of(LoginRequest), table_of(User), table_of(EmailLogin)

LIFE: Final = timedelta(minutes=5)  # until it is answered, and from then on
CHOICES: Final = 6  # numbers that the bot offers; a wrong one ends the request
NUMBERS: Final = range(10, 100)

Choose = Callable[[Sequence[int], int], list[int]]
"""So many of these, in any order."""


_choose_any: Final[Choose] = secrets.SystemRandom().sample


class LoginRequestGone(ShopError):
    message = N_("This request is not valid any more. Please begin again on the page.")


class LoginRefused(ShopError):
    message = N_("In Telegram another number was chosen, or it was said that this is not you. If it was, begin again.")


class LoginWaiting(ShopError):
    message = N_("Nobody has answered in Telegram yet.")


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
class LoginQuestion:
    """What the bot shows and asks: the right number is among `numbers`. `address`: the e-mail address of whose account
    a Telegram account is to belong to."""

    purpose: LoginPurpose
    address: str | None
    device: Device
    asked_at: datetime
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvedLogin:
    """Who confirmed it: `user_id` of their account. `asked_by`: who links a Telegram account to theirs."""

    purpose: LoginPurpose
    user_id: int
    asked_by: int | None


class TelegramLogin:
    def __init__(
        self,
        db: Database,
        clock: Clock,
        throttles: Throttles,
        *,
        token: NewToken = new_token,
        choose: Choose = _choose_any,
    ) -> None:
        self._db, self._clock, self._throttles = db, clock, throttles
        self._token, self._choose = token, choose

    async def begin(self, purpose: LoginPurpose, device: Device, *, user_id: int | None = None) -> BegunLogin:
        """`user_id`: who is signed in and links a Telegram account. Raises `TooManyLogins`."""
        await self._throttles.begin_login(device.address)
        begun = BegunLogin(token=self._token(), browser_secret=self._token(), number=self._choose(NUMBERS, 1)[0])
        await self._db.write(_begin, begun, purpose=purpose, device=device, user_id=user_id, now=self._clock())
        return begun

    async def question(self, token: str, *, telegram_id: int) -> LoginQuestion:
        """For whoever opened the bot by the link. Raises `LoginRequestGone`, `TooManyLogins`."""
        await self._throttles.ask_person(telegram_id)
        row = await self._db.read(_asked, token, self._clock())
        if row is None:
            raise LoginRequestGone()
        others = [number for number in NUMBERS if number != row.number]
        numbers = self._choose([row.number, *self._choose(others, CHOICES - 1)], CHOICES)
        return LoginQuestion(
            purpose=LoginPurpose(row.purpose),
            address=row.email_address,
            device=Device(address=row.address, agent=row.agent),
            asked_at=row.created_at,
            numbers=numbers,
        )

    async def answer(self, token: str, number: int | None, *, telegram_id: int) -> bool:
        """The number that they chose; None: it was not them. Whether it is confirmed; else it is over. Raises
        `LoginRequestGone`."""
        return await self._db.write(_answer, token, number, telegram_id, self._clock())

    async def state(self, token: str, browser_secret: str) -> LoginState:
        """For the browser that asked; `GONE` for any other."""
        return (await self.look(token, browser_secret)).state

    async def look(self, token: str, browser_secret: str) -> LoginView:
        """Likewise, with what it shows."""
        return await self._db.read(_look, token, browser_secret, self._clock())

    async def take(self, token: str, browser_secret: str) -> ProvedLogin:
        """Once, by the browser that asked, after it was confirmed. Raises `LoginRequestGone`."""
        return await self._db.write(take, token, browser_secret, self._clock())

    async def sign_in(self, token: str, browser_secret: str, arrival: Arrival) -> Opened:
        """As `take`, and the browser's session begins. Raises `LoginRequestGone`, `LoginRefused`, `LoginWaiting`,
        `UserDisabled`."""
        opened = Opened.by(arrival, self._token)
        await self._db.write(_sign_in, token, browser_secret, arrival=arrival, opened=opened, now=self._clock())
        return opened

    async def sweep(self) -> int:
        """Forget what is over; how many there were."""
        return await self._db.write(_sweep, self._clock())


def _open(token: str, now: datetime) -> ColumnElement[bool]:
    return (_requests.c.token_hash == hash_token(token[: MAX_TOKEN + 1])) & _undecided(now)


def _undecided(now: datetime) -> ColumnElement[bool]:
    undecided = _requests.c.confirmed_at.is_(None) & _requests.c.refused_at.is_(None)
    return undecided & (_requests.c.expires_at > now)


def _begin(
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


def _asked(session: Session, token: str, now: datetime) -> AnyRow | None:
    """With the address of who asks, where they are known."""
    asked = select(_requests, _logins.c.address.label("email_address")).outerjoin(
        _logins, _logins.c.user_id == _requests.c.user_id
    )
    return session.execute(asked.where(_open(token, now))).first()


def _find(session: Session, which: ColumnElement[bool]) -> AnyRow | None:
    return session.execute(select(_requests).where(which)).first()


def _answer(session: Session, token: str, number: int | None, telegram_id: int, now: datetime) -> bool:
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


def _look(session: Session, token: str, browser_secret: str, now: datetime) -> LoginView:
    row = _find(session, _of_browser(token, browser_secret))
    if row is None or row.used_at is not None or row.expires_at <= now:
        return LoginView(state=LoginState.GONE)
    return LoginView(state=_state(row), purpose=LoginPurpose(row.purpose), number=row.number)


def _state(row: AnyRow) -> LoginState:
    if row.refused_at is not None:
        return LoginState.REFUSED
    return LoginState.WAITING if row.confirmed_at is None else LoginState.CONFIRMED


_UNDECIDED: Final[dict[LoginState, type[ShopError]]] = {
    LoginState.WAITING: LoginWaiting,
    LoginState.REFUSED: LoginRefused,
}


def _sign_in(
    session: Session, token: str, browser_secret: str, *, arrival: Arrival, opened: Opened, now: datetime
) -> None:
    state = _look(session, token, browser_secret, now).state
    if state in _UNDECIDED:
        raise _UNDECIDED[state]()
    proved = take(session, token, browser_secret, now)
    if proved.purpose is not LoginPurpose.SIGN_IN:
        raise LoginRequestGone()
    closed = select(_users.c.disabled_at).where(_users.c.id == proved.user_id)
    if session.scalar(closed) is not None:
        raise UserDisabled(user_id=proved.user_id)
    open_session(session, proved.user_id, arrival, opened, now)


def take(session: Session, token: str, browser_secret: str, now: datetime) -> ProvedLogin:
    """Part of a caller's transaction: as `TelegramLogin.take`."""
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
    if user_id is None:
        raise LoginRequestGone()
    return ProvedLogin(purpose=LoginPurpose(row.purpose), user_id=user_id, asked_by=row.user_id)


def _sweep(session: Session, now: datetime) -> int:
    over = delete(_requests).where(_requests.c.expires_at <= now).returning(_requests.c.id)
    return len(session.execute(over).all())
