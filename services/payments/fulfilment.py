"""What money buys. Payments know that a payment is for something; what that brings is told by whoever sells it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from services.notifications.kinds.payments import RefundEnds
from services.payments.merchant import Merchant
from services.payments.pricing import Pricing
from services.payments.providers.base import Buyer, ProviderWord, RemotePayment, SavedMethod
from services.payments.queries import PaymentView


class Purpose(StrEnum):
    """What a payment is for."""

    CREDITS = "credits"
    PLAN = "plan"


class NotSold(StrEnum):
    """Why money for a payment would buy nothing."""

    CHANGED = "changed"
    """It is not sold any more, or not at this price."""
    PAID = "paid"
    """What it buys is there."""
    OVERTAKEN = "overtaken"
    """What its buyer has is not what it was when the payment was begun."""


class Fulfilment(ABC):
    """Of one purpose. Each is a part of the transaction in which a payment changes, behind its lock, and makes no call.
    Nothing follows, unless it is said here, for what is bought once, by somebody who pays by hand."""

    @abstractmethod
    def paid(
        self, session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, now: datetime
    ) -> None:
        """It has just succeeded. Called once."""

    @abstractmethod
    def why_not_sold(self, session: Session, payment: PaymentView, pricing: Pricing, now: datetime) -> NotSold | None:
        """Asked before the money, so that none comes that would only go back. Reads only."""

    def refunded(self, session: Session, payment: PaymentView, now: datetime) -> RefundEnds:
        """All of it went back; the credits that it brought were taken back before. What ended with it: who hears of the
        money hears of that in the same message."""
        return RefundEnds.NOTHING

    def renewal_of(
        self, session: Session, first: PaymentView, remote: RemotePayment, now: datetime
    ) -> PaymentView | None:
        """Our payment, locked, for money that a provider who charges by itself took once more for `first`."""
        return None

    def provider_said(self, session: Session, payment: PaymentView, word: ProviderWord, now: datetime) -> None:  # noqa: B027
        """Of what the payment began there."""

    def chargeable(self, session: Session, payment: PaymentView, buyer: Buyer, now: datetime) -> SavedMethod | None:
        """The saved method that may still be charged for it. Reads only."""
        return None

    def planned_at(self, session: Session, payment: PaymentView) -> datetime:
        """When it was to be charged first. Reads only."""
        return payment.created_at

    def declined(self, session: Session, payment: PaymentView, reason: str, now: datetime) -> None:  # noqa: B027
        """The provider said no to the saved method."""

    def not_made(self, session: Session, payment: PaymentView, now: datetime) -> None:  # noqa: B027
        """The saved method was not even asked."""


@dataclass(frozen=True, slots=True)
class Fulfilments:
    by_purpose: Mapping[Purpose, Fulfilment]

    def of(self, payment: PaymentView) -> Fulfilment:
        return self.by_purpose[Purpose.CREDITS if payment.plan_id is None else Purpose.PLAN]
