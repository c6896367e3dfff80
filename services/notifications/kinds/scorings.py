"""A table with its answers."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringEnded(News):
    """`returned`: it could not be delivered and was paid back. `look`: its message is only looked at again."""

    kind = OutboxKind.SCORING
    scoring_id: UUID
    look: bool = False
    returned: bool = False

    @property
    def key(self) -> str:
        key = f"scoring:{self.scoring_id}"
        return f"{key}:look" if self.look else f"{key}:returned" if self.returned else key

    def dump(self) -> JsonObject:
        flags = {name: True for name in ("look", "returned") if getattr(self, name)}
        return {"scoring_id": self.scoring_id.hex, **flags}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        flags = {name: bool(payload.get(name)) for name in ("look", "returned")}
        return cls(scoring_id=UUID(payload["scoring_id"]), **flags)
