"""A letter in a sender's hands."""

from dataclasses import dataclass

from services.notifications.notification import ClaimedMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter(ClaimedMessage):
    """What the outbox holds for somebody whom it reaches by e-mail. `user_id`: None for an address that is nobody's
    yet. `address`: empty where there is none any more. `language`: empty where nothing tells it. `own`: it goes by
    e-mail alone, such as a link that somebody asked for; others are what a chat would show."""

    user_id: int | None
    address: str
    language: str
    key: str
    own: bool
    refused: bool
    """A server said lately that nobody has this address."""
