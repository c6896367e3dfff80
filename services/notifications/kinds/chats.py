"""An assistant's answer."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReady(News):
    """How an answer ended. A long one comes in several messages, `part` by part; `shown` of its `whole` characters have
    come before this one. `returned`: it, or what had not come of it, could not be delivered and was paid back: `back`
    hundredths of a credit where some of it stays paid."""

    kind = OutboxKind.CHAT_ANSWER
    message_id: UUID
    part: int = 0
    returned: bool = False
    shown: int = 0
    whole: int = 0
    back: int = 0

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
        counts = {"shown": self.shown, "whole": self.whole, "back": self.back}
        return payload | {name: count for name, count in counts.items() if count}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        counts = {name: payload.get(name, 0) for name in ("part", "shown", "whole", "back")}
        return cls(message_id=UUID(payload["message_id"]), returned=bool(payload.get("returned")), **counts)
