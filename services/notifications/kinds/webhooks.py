"""Endpoints of customers that nothing is sent to any more."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOff(News):
    """`gone`: it said that it is; else nothing arrived there for days. `nonce`: when it was switched off."""

    kind = OutboxKind.WEBHOOK_OFF
    endpoint_id: UUID
    url: str
    gone: bool
    nonce: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.endpoint_id}:{self.nonce}"

    def dump(self) -> JsonObject:
        return {"endpoint_id": self.endpoint_id.hex, "url": self.url, "gone": self.gone}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(endpoint_id=UUID(payload["endpoint_id"]), url=payload["url"], gone=bool(payload["gone"]))
