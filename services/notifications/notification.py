"""A message of the outbox in a sender's hands."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News
from services.notifications.kinds.payments import PaymentNews
from services.notifications.kinds.predictions import PredictionEnded
from services.notifications.kinds.scorings import ScoringEnded
from services.users.recipient import Recipient


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a message in the chat tells of. `kind`: as in notifications, payment, prediction or scoring."""

    kind: OutboxKind
    id: UUID
    user_id: int

    @property
    def look(self) -> News:
        """It puts the truth into the message again."""
        if self.kind is OutboxKind.PAYMENT:
            return PaymentNews(payment_id=self.id, look=True)
        if self.kind is OutboxKind.SCORING:
            return ScoringEnded(scoring_id=self.id, look=True)
        return PredictionEnded(prediction_id=self.id, look=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedMessage:
    """A message in a sender's hands. `kind` says who presents the payload: an OutboxKind, or one of a newer version."""

    id: int
    kind: str
    payload: JsonObject
    attempts: int
    lease: datetime
    """Its end. No other claim has the same, so it tells whose the message is."""
    since: datetime
    """When it was written, or taken up once more after it was given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification(ClaimedMessage):
    """One that goes to a chat."""

    recipient: Recipient
    kept_back: bool
    """It waited for a Telegram that was away."""
    blocked: bool
    """The user has blocked the bot: there is no use in trying."""
    lost: bool
    """A sender before this one ended without a word: what it sent may have arrived."""

    @property
    def user_id(self) -> int:
        return self.recipient.user_id

    @property
    def about(self) -> About | None:
        """The payment, prediction or scoring whose message it changes."""
        if self.kind == OutboxKind.PREDICTION:
            number = PredictionEnded.load(self.payload).prediction_id
        elif self.kind == OutboxKind.PAYMENT:
            number = PaymentNews.load(self.payload).payment_id
        elif self.kind == OutboxKind.SCORING:
            number = ScoringEnded.load(self.payload).scoring_id
        else:
            return None
        return About(kind=OutboxKind(self.kind), id=number, user_id=self.user_id)
