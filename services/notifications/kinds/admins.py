"""What an admin did for or to a customer."""

from dataclasses import dataclass
from typing import Self

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditsChanged(News):
    """An admin gave credits or, with a negative `amount`, took them; hundredths. `nonce`: of the decision."""

    kind = OutboxKind.CREDITS_CHANGED
    amount: int
    balance: int
    reason: str
    nonce: str = ""

    @property
    def key(self) -> str:
        return f"admin:{self.nonce}"

    def dump(self) -> JsonObject:
        return {"amount": self.amount, "balance": self.balance, "reason": self.reason}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(amount=payload["amount"], balance=payload["balance"], reason=payload["reason"])


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsFromOwner(News):
    """What an admin wrote to a customer. `nonce`: of the decision."""

    kind = OutboxKind.FROM_OWNER
    text: str
    nonce: str = ""

    @property
    def key(self) -> str:
        return f"from_owner:{self.nonce}"

    def dump(self) -> JsonObject:
        return {"text": self.text}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(text=payload["text"])
