"""Where customers want to be told of what happens, and what was told there."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, JsonObject, UuidKey, Word, one_of, partial_index


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookEndpoint(Base):
    """`secret` signs what is sent; `old_secret` too, until `old_secret_until`. `failures` in a row."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UuidKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    url: Mapped[str] = mapped_column(String(2048))
    events: Mapped[JsonObject]  # {"events": ["prediction.succeeded", …]}
    secret: Mapped[str] = mapped_column(String(128))
    old_secret: Mapped[str | None] = mapped_column(String(128))
    old_secret_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    disabled_at: Mapped[datetime | None]
    disabled_because: Mapped[Word | None]
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class WebhookDelivery(Base):
    """One event for one endpoint. `id` is the webhook-id, the same in every try; `available_at` is also the lease."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(one_of("status", DeliveryStatus), name="status_known"),
        partial_index("ix_webhook_deliveries_due", "available_at", where="status = 'pending'"),
        Index(None, "endpoint_id", "created_at"),
    )

    id: Mapped[UuidKey]
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="RESTRICT"))
    event: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(128), unique=True)  # a fact is told once to each endpoint
    payload: Mapped[JsonObject]
    status: Mapped[Word]
    attempts: Mapped[int] = mapped_column(default=0)
    available_at: Mapped[datetime]
    last_status: Mapped[int | None]
    last_answer: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
