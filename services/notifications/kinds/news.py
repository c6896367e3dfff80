"""What all kinds of messages have."""

from abc import ABC, abstractmethod
from typing import ClassVar, Self

from db.base import JsonObject
from db.tables.outbox import OutboxKind, Priority


class News(ABC):
    """Whom it is told to is said apart from it. Fields of which the payload knows nothing are for the key, and have
    their defaults in what was read."""

    __slots__ = ()
    kind: ClassVar[OutboxKind]
    priority: ClassVar[Priority] = Priority.ANSWER

    @property
    @abstractmethod
    def key(self) -> str:
        """Names the fact: it is told once. Of what is told to several, each one's user id follows it."""

    @abstractmethod
    def dump(self) -> JsonObject:
        """The payload."""

    @classmethod
    @abstractmethod
    def load(cls, payload: JsonObject) -> Self:
        """Raises `KeyError`, `ValueError` where the payload is none of this kind."""
