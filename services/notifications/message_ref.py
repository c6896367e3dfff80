"""Where a chat shows something. Services keep it and give it back; only the chat's edge knows what it means."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from db.base import AnyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRef:
    """A chat, a topic of it where it has some, and the message; None for a message: what comes of it is told in a new
    one. Who does not come through a chat has no `MessageRef`."""

    chat_id: int
    thread_id: int | None = None
    message_id: int | None = None

    @classmethod
    def of(cls, row: AnyRow) -> Self | None:
        """What a row's columns of these names say."""
        if row.chat_id is None:
            return None
        return cls(chat_id=row.chat_id, thread_id=row.thread_id, message_id=row.message_id)


def message_columns(ref: MessageRef | None) -> Mapping[str, Any]:  # Any: the columns' values
    """By name, for a row that keeps it."""
    if ref is None:
        return {"chat_id": None, "thread_id": None, "message_id": None}
    return {"chat_id": ref.chat_id, "thread_id": ref.thread_id, "message_id": ref.message_id}


def message_of(ref: MessageRef | None) -> int | None:
    """The id of the message that shows it, where one does."""
    return None if ref is None else ref.message_id


def thread_of(ref: MessageRef | None) -> int | None:
    """The topic that it is told in, where there is one."""
    return None if ref is None else ref.thread_id
