"""Money that came or went back, and what owners must mend for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News

MAX_DETAIL: Final = 2500  # of the 4096 characters that a message may have


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNews(News):
    """`fact`: a Fact of payments. `look`: there is none, its message is only looked at again."""

    kind = OutboxKind.PAYMENT
    payment_id: UUID
    fact: str = ""
    look: bool = False

    @property
    def key(self) -> str:
        return f"payment:{self.payment_id}:{'look' if self.look else self.fact}"

    def dump(self) -> JsonObject:
        return {"payment_id": self.payment_id.hex} | ({"look": True} if self.look else {"fact": self.fact})

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        look = bool(payload.get("look"))
        return cls(payment_id=UUID(payload["payment_id"]), fact="" if look else payload["fact"], look=look)


class RefundEnds(StrEnum):
    """What ends with money that goes back."""

    NOTHING = ""
    PERIOD = "period"
    PLAN = "plan"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSucceeded(News):
    kind = OutboxKind.REFUND
    refund_id: UUID
    payment_id: UUID
    ended: RefundEnds = RefundEnds.NOTHING

    @property
    def key(self) -> str:
        return f"refund:{self.refund_id}:succeeded"

    def dump(self) -> JsonObject:
        ids = {"refund_id": self.refund_id.hex, "payment_id": self.payment_id.hex}
        return ids | ({"ended": self.ended} if self.ended else {})

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        ids = {name: UUID(payload[name]) for name in ("refund_id", "payment_id")}
        return cls(**ids, ended=RefundEnds(payload.get("ended", "")))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTrouble(News):
    """Trouble with money that only people can mend. `problem`: a PaymentProblem; `about`: what it is with, told
    once of each; `payment_id`: the payment to look at; `provider`: its name in our rows, where there is no payment;
    `stray_id`: the money that can be sent back."""

    kind = OutboxKind.PAYMENT_PROBLEM
    problem: str
    detail: str = ""
    payment_id: UUID | None = None
    about: str = ""
    provider: str = ""
    stray_id: int | None = None

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.problem}:{self.about}"

    def dump(self) -> JsonObject:
        payment_id = self.payment_id and self.payment_id.hex
        payload: JsonObject = {"problem": self.problem, "detail": self.detail[:MAX_DETAIL], "payment_id": payment_id}
        payload |= {"provider": self.provider} if self.provider else {}
        return payload | ({} if self.stray_id is None else {"stray_id": self.stray_id})

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        number = payload.get("payment_id")
        payment_id = None if number is None else UUID(number)
        return cls(
            problem=payload["problem"],
            detail=payload["detail"],
            payment_id=payment_id,
            provider=payload.get("provider", ""),
            stray_id=payload.get("stray_id"),
        )
