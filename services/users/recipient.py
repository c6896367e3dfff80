"""Whom a message is for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A user with the ways to them. `telegram_id`: None for somebody whom Telegram does not know."""

    user_id: int
    language: str
    telegram_id: int | None

    @property
    def chat_id(self) -> int:
        """Of the private chat with the bot. A channel claims only what it can deliver, so whoever sends to Telegram
        meets nobody without one."""
        assert self.telegram_id is not None
        return self.telegram_id
