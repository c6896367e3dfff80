"""People who talk to the bot."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.telegram.chat import Chat
from sandbox.telegram.wire import JsonObject

Role = Literal["customer", "owner"]
STARS_AT_FIRST = 5_000


@dataclass(slots=True, kw_only=True)
class Person:
    id: int
    first_name: str
    chat: Chat
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    role: Role = "customer"
    blocked: bool = False
    stars: int = STARS_AT_FIRST
    topics: set[int] = field(default_factory=set)
    """Threads of the chat that the person opened."""
    started: bool = False
    """A bot may not write first: until the person did, Telegram says that there is no such chat."""

    def user(self) -> JsonObject:
        """The Bot API's User."""
        return {"id": self.id, "is_bot": False, **self._names(), **_present(language_code=self.language_code)}

    def user_of_app(self) -> JsonObject:
        """The WebAppUser that a Mini App is told of."""
        return {
            "id": self.id,
            "first_name": self.first_name,
            "last_name": self.last_name or "",
            **_present(username=self.username, language_code=self.language_code),
            "allows_write_to_pm": self.started and not self.blocked,
        }

    def as_chat(self) -> JsonObject:
        """The Bot API's Chat."""
        return {"id": self.id, **self._names(), "type": "private"}

    def view(self) -> JsonObject:
        """The control API's Person."""
        names = {**self._names(), **_present(language_code=self.language_code)}
        return {"id": self.id, **names, "role": self.role, "blocked": self.blocked}

    def _names(self) -> JsonObject:
        return {"first_name": self.first_name, **_present(last_name=self.last_name, username=self.username)}


def _present(**values: str | None) -> JsonObject:
    return {key: value for key, value in values.items() if value is not None}
