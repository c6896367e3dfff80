"""Messages that must reach a chat even if the process dies."""

from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, JsonObject, Key, Word, one_of, partial_index


class OutboxStatus(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    SKIPPED = "skipped"
    """The user blocked the bot or is gone. What they waited for comes once they are back, the rest nobody will read."""
    FAILED = "failed"
    """Given up: Telegram refused this very message, or it found no way for days. `kassandra outbox retry` sends it
    once more."""


class OutboxKind(StrEnum):
    """What a message tells; for each kind the chat has who presents it."""

    PREDICTION = "prediction"
    ENCLOSURE = "enclosure"
    CHAT_ANSWER = "chat_answer"
    SCORING = "scoring"
    FORECAST_JUDGED = "forecast_judged"
    BONUS = "bonus"
    CREDITS_CHANGED = "credits_changed"
    CREDITS_EXPIRE = "credits_expire"
    FROM_OWNER = "from_owner"
    PAYMENT = "payment"
    REFUND = "refund"
    PLAN = "plan"
    # About ways in, to chats too:
    ACCOUNTS_MERGED = "accounts_merged"
    EMAIL_LINKED = "email_linked"
    TELEGRAM_LINKED = "telegram_linked"
    SECOND_FACTOR = "second_factor"
    # About what customers built:
    WEBHOOK_OFF = "webhook_off"
    # Letters about ways in:
    CONFIRM_SIGN_UP = "confirm_sign_up"
    ALREADY_REGISTERED = "already_registered"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a kind
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind
    CONFIRM_ADDRESS = "confirm_address"
    ADDRESS_CHANGED = "address_changed"
    CONFIRM_LINK = "confirm_link"
    NEW_SIGN_IN = "new_sign_in"
    ACCOUNT_DELETED = "account_deleted"
    # To owners:
    PAYMENT_PROBLEM = "payment_problem"
    MODEL_PROBLEM = "model_problem"
    MODEL_STOPPED = "model_stopped"
    MODEL_RESTS = "model_rests"
    MODEL_SERVES = "model_serves"
    ANSWER_UNDELIVERED = "answer_undelivered"
    ANSWER_OVER_HOLD = "answer_over_hold"
    UPLOAD_CHECKED = "upload_checked"
    UPLOAD_TRIED = "upload_tried"
    UPLOAD_COMPARED = "upload_compared"


class Wait(StrEnum):
    """What a pending message waits for besides its time."""

    TELEGRAM = "telegram"
    """It is due as soon as anything gets through to Telegram."""
    TRIED = "tried"
    """It waited for Telegram and is being sent: if that fails it has waited all along."""
    REPAIR = "repair"
    """The shop itself cannot present it. The chat's later ones pass it; a new start tries it at once."""
    LOOK = "look"
    """It was told, and its place is looked at again. The chat's later ones pass it."""


class Channel(StrEnum):
    """By what way a message goes, where it is not whichever its user has."""

    EMAIL = "email"


class Priority(IntEnum):
    ANSWER = 0
    """Somebody waits for it."""
    NEWS = 1
    """It goes when nobody waits for anything, such as the weekly bonus to everybody at once."""


class OutboxMessage(Base):
    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(one_of("status", OutboxStatus), name="status_known"),
        CheckConstraint("user_id IS NOT NULL OR address IS NOT NULL", name="recipient_known"),
        partial_index("ix_outbox_due", "priority", "id", "available_at", where="status = 'pending'"),
        partial_index("ix_outbox_chat", "user_id", "priority", "id", where="status = 'pending'"),
        partial_index("ix_outbox_skipped", "user_id", where="status = 'skipped'"),
        partial_index("ix_outbox_letters", "created_at", where="channel = 'email'"),
    )

    id: Mapped[Key]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))  # null: not a user yet
    channel: Mapped[Word | None]  # a Channel; null: whichever the user has
    address: Mapped[str | None] = mapped_column(String(254))  # of a letter to another address than the user's
    language: Mapped[str | None] = mapped_column(String(2))  # of a letter to nobody's address
    kind: Mapped[Word]  # an OutboxKind
    payload: Mapped[JsonObject]
    key: Mapped[str] = mapped_column(String(96), unique=True)  # a fact is told once
    status: Mapped[Word]
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.ANSWER)  # the lowest goes first
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime]  # also the lease: a sender moves it on before it sends
    waits_for: Mapped[Word | None]
    error: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    reopened_at: Mapped[datetime | None]  # after it was given up; its days count anew
    sent_at: Mapped[datetime | None]


class OwnerNews(Base):
    """What an owner could not be told: who has no chat with the bot has no row among the users either."""

    __tablename__ = "owner_news"
    __table_args__ = (UniqueConstraint("telegram_id", "key"),)

    id: Mapped[Key]
    telegram_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[Word]
    payload: Mapped[JsonObject]
    key: Mapped[str] = mapped_column(String(96))
    created_at: Mapped[datetime]


class RefusedAddress(Base):
    """A mail server said of it that nobody is there. Notifications do not go there for a while; letters that somebody
    asked for do."""

    __tablename__ = "refused_addresses"

    address: Mapped[str] = mapped_column(String(254), primary_key=True)
    reason: Mapped[str] = mapped_column(String(255))  # the server's words
    refused_at: Mapped[datetime]
