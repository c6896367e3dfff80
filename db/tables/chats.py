"""Conversations with assistants: sessions, messages, the journal of requests to providers, use by day."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, Json, JsonObject, UuidKey, Word, one_of, partial_index


class Sender(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"


class MessageStatus(StrEnum):
    """Of a user's message it is `SENT`, of an answer one of the others."""

    SENT = "sent"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    """Something visible came, however it ended."""
    FAILED = "failed"
    CANCELED = "canceled"


class FinishReason(StrEnum):
    """Why an answer ended."""

    STOP = "stop"
    LENGTH = "length"
    FILTERED = "filtered"
    """The provider's rules."""
    STOPPED = "stopped"
    """Its customer wanted no more."""
    CUT = "cut"
    """The connection was lost, or the worker died."""
    OTHER = "other"


class ChatSession(Base):
    """A conversation; a user has at most one that is active."""

    __tablename__ = "chat_sessions"
    __table_args__ = (
        partial_index("uq_chat_sessions_active", "user_id", unique=True, where="is_active"),
        Index(None, "user_id", "last_message_at"),
    )

    id: Mapped[UuidKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"))
    preset_id: Mapped[int | None] = mapped_column(ForeignKey("presets.id", ondelete="RESTRICT"))
    title: Mapped[str | None] = mapped_column(String(60))  # the first words of its first message, or what was chosen
    is_active: Mapped[bool] = mapped_column(default=True)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)  # the topic of a private chat that has some
    shortened_at: Mapped[datetime | None]  # the customer knows since then that older messages are sent no more
    started_at: Mapped[datetime]
    last_message_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]  # its texts are gone, its amounts stay


class ChatMessage(Base):
    """A line of a conversation. An answer is what is sold: it has at most one charge, its `hold`."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("session_id", "number"),
        UniqueConstraint("user_id", "request_key"),
        CheckConstraint(one_of("sender", Sender), name="sender_known"),
        CheckConstraint(one_of("status", MessageStatus), name="status_known"),
        CheckConstraint("(sender = 'user') = (status = 'sent')", name="status_follows_sender"),
        CheckConstraint("(sender = 'assistant') = (reply_to IS NOT NULL)", name="answers_reply"),
        CheckConstraint("hold >= 0 AND (price IS NULL OR price BETWEEN 0 AND hold)", name="price_within_hold"),
        partial_index("ix_messages_queue", "model_slug", "available_at", where="status = 'queued'"),
        partial_index("ix_messages_unfinished", "user_id", where="status IN ('queued', 'running')"),
        partial_index("ix_messages_leases", "leased_until", where="status = 'running'"),
        Index(None, "model_slug", "created_at"),
        Index(None, "reply_to"),
        partial_index("ix_messages_sold", "user_id", "created_at", where="sender = 'assistant'"),
    )

    id: Mapped[UuidKey]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("chat_sessions.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"))
    preset_id: Mapped[int | None] = mapped_column(ForeignKey("presets.id", ondelete="RESTRICT"))
    number: Mapped[int]  # its place in the conversation
    sender: Mapped[Word]
    text: Mapped[str | None] = mapped_column(Text)  # null: there is none yet, or it was deleted
    status: Mapped[Word]
    reply_to: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="RESTRICT"))  # of an answer
    replaced_at: Mapped[datetime | None]  # it is sent to the assistant no more
    joins: Mapped[int | None]  # number of the message that its text begins with: that had not been sent yet
    request_key: Mapped[str | None] = mapped_column(String(96))  # one message of a chat, one answer
    pictures: Mapped[list[str] | None] = mapped_column(Json)  # hex ids of files, of a user's message
    voice: Mapped[UUID | None]  # the file of a voice message, of a user's
    voice_seconds: Mapped[int | None]
    heard_at: Mapped[datetime | None]  # the text has since then what was said in it
    # Of answers, as they were sold:
    hold: Mapped[Credits] = mapped_column(default=0)
    price: Mapped[Credits | None]  # null: it is not known yet
    free: Mapped[bool] = mapped_column(default=False)  # it took a place of the day's allowance
    day: Mapped[date | None] = mapped_column(Date)  # in the shop's time zone
    prompt_budget: Mapped[int] = mapped_column(default=0)  # tokens that are sent at most
    answer_limit: Mapped[int] = mapped_column(default=0)  # tokens
    fixed_price: Mapped[Credits] = mapped_column(default=0)
    input_price: Mapped[Credits] = mapped_column(default=0)  # for 1,000 tokens
    output_price: Mapped[Credits] = mapped_column(default=0)
    # As they ended:
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    estimated: Mapped[bool] = mapped_column(default=False)  # the tokens were counted here
    finish: Mapped[str | None] = mapped_column(String(32))  # a FinishReason
    error_code: Mapped[str | None] = mapped_column(String(64))  # an ErrorCode: which sentence the user sees
    error: Mapped[str | None] = mapped_column(String(255))
    shortened: Mapped[bool] = mapped_column(default=False)  # the first for which older messages were left out
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    leased_by: Mapped[str | None] = mapped_column(String(64))
    stop_requested_at: Mapped[datetime | None]
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)  # that shows the answer as it grows, where no draft does
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    first_token_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class AiRequest(Base):
    """A request to a provider: written before it is sent, without keys, pictures and sounds. Payloads have an age."""

    __tablename__ = "ai_requests"
    __table_args__ = (
        UniqueConstraint("message_id", "attempt"),
        partial_index("ix_ai_requests_kept", "created_at", where="request IS NOT NULL"),
    )

    id: Mapped[UuidKey]
    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="RESTRICT"))
    attempt: Mapped[int]
    request: Mapped[JsonObject | None]
    response: Mapped[JsonObject | None]
    response_time_ms: Mapped[int | None]
    first_token_ms: Mapped[int | None]
    status_code: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class DailyUsage(Base):
    """What a user had of an assistant on a day of the shop's time zone."""

    __tablename__ = "usage_daily"
    __table_args__ = (
        CheckConstraint(
            "requests >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND sessions >= 0 AND free_answers >= 0",
            name="counts_not_negative",
        ),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    model_slug: Mapped[str] = mapped_column(ForeignKey("models.slug", ondelete="RESTRICT"), primary_key=True)
    requests: Mapped[int] = mapped_column(default=0)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    completion_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    sessions: Mapped[int] = mapped_column(default=0)
    free_answers: Mapped[int] = mapped_column(default=0)  # of the day's allowance
