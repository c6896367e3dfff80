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
from db.tables.identities import LoginPurpose, LoginRequest
from db.tables.users import User
from services.clock import Clock
from services.errors import N_, ShopError
from services.identity.sessions import Device
from services.identity.tokens import MAX_TOKEN, NewToken, hash_token, new_token

_requests, _users = table_of(LoginRequest), table_of(User)

LIFE: Final = timedelta(minutes=5)
CHOICES: Final = 6  # numbers that the bot offers; a wrong one ends the request
NUMBERS: Final = range(10, 100)

Choose = Callable[[Sequence[int], int], list[int]]
"""So many of these, in any order."""


_choose_any: Final[Choose] = secrets.SystemRandom().sample


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
class LoginQuestion:
    """What the bot shows and asks: the right number is among `numbers`."""

    id: int
    purpose: LoginPurpose
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
        *,
        token: NewToken = new_token,
        choose: Choose = _choose_any,
    ) -> None:
        self._db, self._clock, self._token, self._choose = db, clock, token, choose

    async def begin(self, purpose: LoginPurpose, device: Device, *, user_id: int | None = None) -> BegunLogin:
        """`user_id`: who is signed in and links a Telegram account."""
        begun = BegunLogin(token=self._token(), browser_secret=self._token(), number=self._choose(NUMBERS, 1)[0])
        await self._db.write(_begin, begun, purpose=purpose, device=device, user_id=user_id, now=self._clock())
        return begun

    async def question(self, token: str) -> LoginQuestion:
        """For whoever opened the bot by the link. Raises `LoginRequestGone`."""
        row = await self._db.read(_find, _open(token, self._clock()))
        if row is None:
            raise LoginRequestGone()
        others = [number for number in NUMBERS if number != row.number]
        numbers = self._choose([row.number, *self._choose(others, CHOICES - 1)], CHOICES)
        return LoginQuestion(
            id=row.id,
            purpose=LoginPurpose(row.purpose),
            device=Device(address=row.address, agent=row.agent),
            asked_at=row.created_at,
            numbers=numbers,
        )

    async def answer(self, request_id: int, number: int | None, *, telegram_id: int) -> bool:
        """The number that they chose; None: it was not them. Whether it is confirmed; else it is over. Raises
        `LoginRequestGone`."""
        return await self._db.write(_answer, request_id, number, telegram_id, self._clock())

    async def state(self, token: str, browser_secret: str) -> LoginState:
        """For the browser that asked; `GONE` for any other."""
        return await self._db.read(_state, token, browser_secret, self._clock())

    async def take(self, token: str, browser_secret: str) -> ProvedLogin:
        """Once, by the browser that asked, after it was confirmed. Raises `LoginRequestGone`."""
        return await self._db.write(_take, token, browser_secret, self._clock())

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


def _find(session: Session, which: ColumnElement[bool]) -> AnyRow | None:
    return session.execute(select(_requests).where(which)).first()


def _answer(session: Session, request_id: int, number: int | None, telegram_id: int, now: datetime) -> bool:
    this = (_requests.c.id == request_id) & _undecided(now)
    right = this & (_requests.c.number == number) if number is not None else None
    if right is not None:
        confirmed = {"confirmed_at": now, "confirmed_telegram_id": telegram_id}
        done = session.execute(update(_requests).where(right).values(confirmed).returning(_requests.c.id)).first()
        if done is not None:
            return True
    refused = update(_requests).where(this).values(refused_at=now).returning(_requests.c.id)
    if session.execute(refused).first() is None:
        raise LoginRequestGone(request_id=request_id)
    return False


def _of_browser(token: str, browser_secret: str) -> ColumnElement[bool]:
    both = (hash_token(each[: MAX_TOKEN + 1]) for each in (token, browser_secret))
    return (_requests.c.token_hash == next(both)) & (_requests.c.browser_hash == next(both))


def _state(session: Session, token: str, browser_secret: str, now: datetime) -> LoginState:
    row = _find(session, _of_browser(token, browser_secret))
    if row is None or row.used_at is not None or row.expires_at <= now:
        return LoginState.GONE
    if row.refused_at is not None:
        return LoginState.REFUSED
    return LoginState.WAITING if row.confirmed_at is None else LoginState.CONFIRMED


def _take(session: Session, token: str, browser_secret: str, now: datetime) -> ProvedLogin:
    mine = _of_browser(token, browser_secret) & _requests.c.confirmed_at.is_not(None)
    fresh = mine & _requests.c.used_at.is_(None) & (_requests.c.expires_at > now)
    taken = update(_requests).where(fresh).values(used_at=now)
    row = session.execute(
        taken.returning(_requests.c.purpose, _requests.c.user_id, _requests.c.confirmed_telegram_id)
    ).first()
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
