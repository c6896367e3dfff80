"""The Mini App: Telegram says who opened it, and a session begins."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.engine import Database
from services.clock import Clock
from services.identity.arrivals import Arrival, Opened, open_session
from services.identity.init_data import read_init_data
from services.identity.second_factor_rows import carry_factor
from services.identity.tokens import MAX_TOKEN, NewToken, hash_token, new_token
from services.users.accounts import UserDisabled, Users, Visitor

Language = Callable[[str | None], str]
"""The shop's language for Telegram's code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnteredApp:
    """`start_param`: of a `startapp` link."""

    user_id: int
    opened: Opened
    start_param: str | None


class MiniApp:
    def __init__(
        self, db: Database, clock: Clock, users: Users, *, bot_token: str, token: NewToken = new_token
    ) -> None:
        self._db, self._clock, self._users = db, clock, users
        self._bot_token, self._token = bot_token, token

    async def enter(self, init_data: str, arrival: Arrival, language: Language, *, before: str = "") -> EnteredApp:
        """Whoever is new becomes a user, as by /start. `before`: the token of the session that this frame had; where it
        was theirs and has shown a second factor, the new one need not for some days.
        Raises `InitDataRefused`, `InitDataTooOld`, `UserDisabled`."""
        launch = read_init_data(init_data, self._bot_token, self._clock())
        visitor = Visitor(
            telegram_id=launch.telegram_id,
            username=launch.username,
            first_name=launch.first_name,
            language=language(launch.language_code),
            language_told=launch.language_code is not None,
        )
        user = await self._users.enter(visitor)
        if user.disabled:
            raise UserDisabled(user_id=user.id)
        opened = Opened.by(arrival, self._token)
        await self._db.write(_open, user.id, arrival, opened, before=before, now=self._clock())
        return EnteredApp(user_id=user.id, opened=opened, start_param=launch.start_param)


def _open(session: Session, user_id: int, arrival: Arrival, opened: Opened, *, before: str, now: datetime) -> None:
    open_session(session, user_id, arrival, opened, now)
    if before:
        carry_factor(session, user_id, hash_token(before[: MAX_TOKEN + 1]), hash_token(opened.token), now)
