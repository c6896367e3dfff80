"""An assistant's answer."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReady(News):
    """How an answer ended. A long one comes in several messages, `part` by part; `returned`: it could not be delivered
    and was paid back."""

    kind = OutboxKind.CHAT_ANSWER
    message_id: UUID
    part: int = 0
    returned: bool = False

    @property
    def key(self) -> str:
        key = f"answer:{self.message_id}"
        return f"{key}:returned" if self.returned else f"{key}:{self.part}" if self.part else key

    def dump(self) -> JsonObject:
        payload: JsonObject = {"message_id": self.message_id.hex}
        if self.part:
            payload["part"] = self.part
        if self.returned:
            payload["returned"] = True
        return payload

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        message_id = UUID(payload["message_id"])
        return cls(message_id=message_id, part=payload.get("part", 0), returned=bool(payload.get("returned")))
