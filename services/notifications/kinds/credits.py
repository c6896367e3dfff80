"""Credits that come or end by themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from db.base import JsonObject
from db.tables.outbox import OutboxKind, Priority
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusGranted(News):
    """The weekly bonus. `amount`: hundredths; `week`: ISO, 2026-W47."""

    kind = OutboxKind.BONUS
    priority = Priority.NEWS
    amount: int
    week: str
    expires_at: datetime

    @property
    def key(self) -> str:
        return f"bonus:{self.week}"

    def dump(self) -> JsonObject:
        return {"amount": self.amount, "week": self.week, "expires_at": self.expires_at.isoformat()}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        expires_at = datetime.fromisoformat(payload["expires_at"])
        return cls(amount=payload["amount"], week=payload["week"], expires_at=expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsExpire(News):
    """Credits of a package have only days left."""

    kind = OutboxKind.CREDITS_EXPIRE
    priority = Priority.NEWS
    lot_id: int

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.lot_id}"

    def dump(self) -> JsonObject:
        return {"lot_id": self.lot_id}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(lot_id=payload["lot_id"])
