"""An answer, and what comes below it."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionEnded(News):
    """The answer. `returned`: it could not be delivered and was paid back; `below`: then its words have arrived, and
    stay. `look`: its message is only looked at again."""

    kind = OutboxKind.PREDICTION
    prediction_id: UUID
    look: bool = False
    returned: bool = False
    below: bool = False

    @property
    def key(self) -> str:
        key = f"prediction:{self.prediction_id}"
        return f"{key}:look" if self.look else f"{key}:returned" if self.returned else key

    def dump(self) -> JsonObject:
        payload: JsonObject = {"prediction_id": self.prediction_id.hex}
        if self.look:
            payload["look"] = True
        if self.returned:
            payload |= {"returned": True, "below": self.below}
        return payload

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        flags = {name: bool(payload.get(name)) for name in ("look", "returned", "below")}
        return cls(prediction_id=UUID(payload["prediction_id"]), **flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEnclosure(News):
    """What comes below an answer. `what`: an Enclosure. `begin`: so many of its messages have arrived. `most`: so many
    may come together, where not as many as the chat takes."""

    kind = OutboxKind.ENCLOSURE
    prediction_id: UUID
    what: str
    begin: int = 0
    most: int | None = None

    @property
    def key(self) -> str:
        return f"prediction:{self.prediction_id}:{self.what}"

    def dump(self) -> JsonObject:
        payload: JsonObject = {"prediction_id": self.prediction_id.hex, "what": self.what}
        if self.begin or self.most is not None:
            payload["from"] = self.begin
        if self.most is not None:
            payload["most"] = self.most
        return payload

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(
            prediction_id=UUID(payload["prediction_id"]),
            what=payload["what"],
            begin=payload.get("from", 0),
            most=payload.get("most"),
        )
