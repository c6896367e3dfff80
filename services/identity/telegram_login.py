"""A way in that needs no foreign host: a browser shows a link to the bot and a number, the bot asks which number stands
there, and the browser that asked goes on. Whoever is sent somebody else's link sees no number."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.identities import LoginPurpose
from db.tables.users import User
from services.clock import Clock
from services.errors import N_, ShopError
from services.identity.arrivals import Arrival, Opened, open_session
from services.identity.login_requests import (
    BegunLogin,
    LoginRequestGone,
    LoginState,
    LoginView,
    answer_request,
    asked_request,
    begin_request,
    look_at_request,
    sweep_requests,
    take_login,
)
from services.identity.sessions import Device
from services.identity.throttles import Throttles
from services.identity.tokens import NewToken, new_token
from services.users.accounts import UserDisabled

_users = table_of(User)

CHOICES: Final = 6  # numbers that the bot offers; a wrong one ends the request
NUMBERS: Final = range(10, 100)

Choose = Callable[[Sequence[int], int], list[int]]
"""So many of these, in any order."""


_choose_any: Final[Choose] = secrets.SystemRandom().sample


class LoginRefused(ShopError):
    message = N_("In Telegram another number was chosen, or it was said that this is not you. If it was, begin again.")


class LoginWaiting(ShopError):
    message = N_("Nobody has answered in Telegram yet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginQuestion:
    """What the bot shows and asks: the right number is among `numbers`. `address`: the e-mail address of whose account
    a Telegram account is to belong to."""

    purpose: LoginPurpose
    address: str | None
    device: Device
    asked_at: datetime
    numbers: Sequence[int]


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
        await self._db.write(begin_request, begun, purpose=purpose, device=device, user_id=user_id, now=self._clock())
        return begun

    async def question(self, token: str, *, telegram_id: int) -> LoginQuestion:
        """For whoever opened the bot by the link. Raises `LoginRequestGone`, `TooManyLogins`."""
        await self._throttles.ask_person(telegram_id)
        row = await self._db.read(asked_request, token, self._clock())
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

    async def brings_in(self, token: str) -> bool:
        """Whether somebody new who answers becomes a user: not to give their Telegram account to one who is here."""
        row = await self._db.read(asked_request, token, self._clock())
        return row is not None and LoginPurpose(row.purpose) is LoginPurpose.SIGN_IN

    async def answer(self, token: str, number: int | None, *, telegram_id: int) -> bool:
        """The number that they chose; None: it was not them. Whether it is confirmed; else it is over. Raises
        `LoginRequestGone`."""
        return await self._db.write(answer_request, token, number, telegram_id, self._clock())

    async def state(self, token: str, browser_secret: str) -> LoginState:
        """For the browser that asked; `GONE` for any other."""
        return (await self.look(token, browser_secret)).state

    async def look(self, token: str, browser_secret: str) -> LoginView:
        """Likewise, with what it shows."""
        return await self._db.read(look_at_request, token, browser_secret, self._clock())

    async def sign_in(self, token: str, browser_secret: str, arrival: Arrival) -> Opened:
        """Once, by the browser that asked, after it was confirmed: its session begins. Raises `LoginRequestGone`,
        `LoginRefused`, `LoginWaiting`, `UserDisabled`."""
        opened = Opened.by(arrival, self._token)
        await self._db.write(_sign_in, token, browser_secret, arrival=arrival, opened=opened, now=self._clock())
        return opened

    async def sweep(self) -> int:
        """Forget what is over; how many there were."""
        return await self._db.write(sweep_requests, self._clock())


_UNDECIDED: Final[dict[LoginState, type[ShopError]]] = {
    LoginState.WAITING: LoginWaiting,
    LoginState.REFUSED: LoginRefused,
}


def _sign_in(
    session: Session, token: str, browser_secret: str, *, arrival: Arrival, opened: Opened, now: datetime
) -> None:
    state = look_at_request(session, token, browser_secret, now).state
    if state in _UNDECIDED:
        raise _UNDECIDED[state]()
    proved = take_login(session, token, browser_secret, now)
    if proved.purpose is not LoginPurpose.SIGN_IN:
        raise LoginRequestGone()
    assert proved.user_id is not None  # who signs in has an account
    closed = select(_users.c.disabled_at).where(_users.c.id == proved.user_id)
    if session.scalar(closed) is not None:
        raise UserDisabled(user_id=proved.user_id)
    open_session(session, proved.user_id, arrival, opened, now)
