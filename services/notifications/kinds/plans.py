"""What becomes of a subscription, told to its owner."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News

PAID_OTHERWISE: Final = "paid_otherwise"
REFUSED: Final = "refused"


class PlanFact(StrEnum):
    RENEWAL_SOON = "renewal_soon"
    """`amount` will be charged at `at`; it can be cancelled."""
    ENDS_SOON = "ends_soon"
    """At `at`; nothing will be charged: it was cancelled, is a trial, or is paid by hand."""
    RENEWED = "renewed"
    """`amount` was paid; it goes on until `at`."""
    DECLINED = "declined"
    """`amount` could not be charged; `reason` is the provider's word, `decline` what follows: never and act ask the
    customer to pay by hand, the others are tried again at `at`."""
    PAST_DUE = "past_due"
    """The period has ended and the next is not paid; it can be paid until `at`."""
    ENDED = "ended"
    """As was wished, or as nobody paid (`reason`: the subscription's status)."""
    PRICE_OFFERED = "price_offered"
    """A period costs `amount` for new subscribers; who agrees pays it from `at` on, in place of `present`."""
    MONEY_BACK = "money_back"
    """`amount` of the payment `payment_id` bought nothing and goes back by itself."""
    AUTOPAY_OFF = "autopay_off"
    """Its provider says that nothing is charged any more, or (`reason`: `PAID_OTHERWISE`) was told so, or the saved way
    of paying was refused for good (`REFUSED`); what is paid stays until `at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanNews(News):
    """`number` of the period that it is about; `amount` and `present` in minor units of `currency`; `about`: for the
    key, where number and fact do not tell apart."""

    kind = OutboxKind.PLAN
    subscription_id: UUID | None
    plan_id: int
    fact: PlanFact
    number: int = 0
    amount: int | None = None
    present: int | None = None
    currency: str | None = None
    at: datetime | None = None
    reason: str | None = None
    decline: str | None = None
    payment_id: UUID | None = None
    about: str = ""

    @property
    def key(self) -> str:
        return f"plan:{self.subscription_id or self.payment_id}:{self.fact}:{self.number}{self.about}"

    def dump(self) -> JsonObject:
        payload = {
            "subscription_id": self.subscription_id and self.subscription_id.hex,
            "plan_id": self.plan_id,
            "fact": self.fact,
            "number": self.number,
            "amount": self.amount,
            "present": self.present,
            "currency": self.currency,
            "at": self.at and self.at.isoformat(),
            "reason": self.reason,
            "decline": self.decline,
            "payment_id": self.payment_id and self.payment_id.hex,
        }
        return {name: value for name, value in payload.items() if value is not None}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(
            subscription_id=_id(payload.get("subscription_id")),
            plan_id=payload["plan_id"],
            fact=PlanFact(payload["fact"]),
            number=payload["number"],
            amount=payload.get("amount"),
            present=payload.get("present"),
            currency=payload.get("currency"),
            at=datetime.fromisoformat(payload["at"]) if "at" in payload else None,
            reason=payload.get("reason"),
            decline=payload.get("decline"),
            payment_id=_id(payload.get("payment_id")),
        )


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)
