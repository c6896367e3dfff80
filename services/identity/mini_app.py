"""The Mini App: Telegram says who opened it, and a session begins."""

from collections.abc import Callable
from dataclasses import dataclass

from db.engine import Database
from services.clock import Clock
from services.identity.arrivals import Arrival, Opened, open_session
from services.identity.init_data import read_init_data
from services.identity.tokens import NewToken, new_token
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

    async def enter(self, init_data: str, arrival: Arrival, language: Language) -> EnteredApp:
        """Whoever is new becomes a user, as by /start. Raises `InitDataRefused`, `InitDataTooOld`, `UserDisabled`."""
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
        await self._db.write(open_session, user.id, arrival, opened, self._clock())
        return EnteredApp(user_id=user.id, opened=opened, start_param=launch.start_param)
