"""Real money: payments, refunds, what the provider told of them, how far its own list was read, money for nothing."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, CurrencyCode, JsonObject, Key, Kopecks, UuidKey, Word, one_of, partial_index
from db.tables.currencies import Currency


class PaymentStatus(StrEnum):
    PENDING = "pending"
    WAITING_FOR_CAPTURE = "waiting_for_capture"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class Payment(Base):
    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("provider", "provider_payment_id"),
        CheckConstraint(
            "amount_kopecks > 0 AND (credits > 0 OR plan_id IS NOT NULL AND credits = 0)", name="amounts_positive"
        ),
        CheckConstraint("subscription_id IS NULL OR plan_id IS NOT NULL", name="subscription_has_plan"),
        CheckConstraint(one_of("status", PaymentStatus), name="status_known"),
        CheckConstraint(one_of("currency", Currency), name="currency_known"),
        Index(None, "user_id", "created_at"),
        partial_index("uq_payments_charge", "provider", "charge_id", unique=True, where="charge_id IS NOT NULL"),
        partial_index(
            "uq_payments_open_period",
            "subscription_id",
            "period_number",
            unique=True,
            where="period_number IS NOT NULL AND status IN ('pending', 'waiting_for_capture')",
        ),
        partial_index("ix_payments_subscription", "subscription_id", where="subscription_id IS NOT NULL"),
        partial_index("ix_payments_to_check", "next_check_at", where="next_check_at IS NOT NULL"),
        Index(None, "created_at"),
    )

    id: Mapped[UuidKey]  # also the provider's idempotence key
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("packages.id", ondelete="RESTRICT"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id", ondelete="RESTRICT"))
    """It buys a period of it, and no credits for ever; `credits` are the period's."""
    subscription_id: Mapped[UUID | None] = mapped_column(ForeignKey("subscriptions.id", ondelete="RESTRICT"))
    period_number: Mapped[int | None]  # of the period that a renewal is for; null: it begins a subscription
    method_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_methods.id", ondelete="RESTRICT"))
    consent: Mapped[JsonObject | None]  # to charges without asking, as for `PaymentMethod`; null: none was asked
    """Of the charge of a saved method: its owner pressed a button for it; null there: the shop charged it by itself."""
    provider: Mapped[Word]
    provider_payment_id: Mapped[str | None] = mapped_column(String(128))  # ours, where it gives none before the money
    order_id: Mapped[str | None] = mapped_column(String(64))  # of the page to pay at, where that has an id of its own
    charge_id: Mapped[str | None] = mapped_column(String(128))  # of the money, where it has; refunds go by it
    payer_id: Mapped[int | None] = mapped_column(BigInteger)  # the Telegram id of who paid Stars
    card_type: Mapped[str | None] = mapped_column(String(32))
    card_last4: Mapped[str | None] = mapped_column(String(4))
    deadline_at: Mapped[datetime | None]  # it can be paid until then
    provider_shop_id: Mapped[str | None] = mapped_column(String(64))  # only this shop's key can ask for it
    status: Mapped[Word]
    amount_kopecks: Mapped[Kopecks]
    currency: Mapped[CurrencyCode]
    credits: Mapped[Credits]  # what a success brings
    valid_days: Mapped[int | None]  # of the lot
    test: Mapped[bool] = mapped_column(default=False)
    description: Mapped[str] = mapped_column(String(128))  # in Russian: of receipts
    provider_text: Mapped[str | None] = mapped_column(String(128))  # the same in the customer's language
    receipt_email: Mapped[str | None] = mapped_column(String(254))
    return_url: Mapped[str] = mapped_column(String(255), default="")  # a repeated create call must say the same
    confirmation_url: Mapped[str | None] = mapped_column(Text)
    cancel_reason: Mapped[str | None] = mapped_column(String(64))
    chat_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)  # the topic of a private chat that has some
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    adopted_at: Mapped[datetime | None]  # found at the provider and not in our books; null: begun here


class Refund(Base):
    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("provider_refund_id"),
        CheckConstraint("amount_kopecks > 0", name="amount_positive"),
        CheckConstraint("credits_taken >= 0 AND credits_uncollected >= 0", name="credits_not_negative"),
        CheckConstraint(one_of("status", RefundStatus), name="status_known"),
        CheckConstraint(one_of("currency", Currency), name="currency_known"),
        partial_index("ix_refunds_to_check", "next_check_at", where="next_check_at IS NOT NULL"),
    )

    id: Mapped[UuidKey]
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id", ondelete="RESTRICT"), index=True)
    provider_refund_id: Mapped[str | None] = mapped_column(String(128))
    status: Mapped[Word]
    amount_kopecks: Mapped[Kopecks]
    currency: Mapped[CurrencyCode]
    credits_taken: Mapped[Credits] = mapped_column(default=0)
    credits_uncollected: Mapped[Credits] = mapped_column(default=0)  # already spent, could not be taken
    actor_user_id: Mapped[int | None] = mapped_column(
        ForeignKey("users.id", ondelete="RESTRICT")
    )  # null: made in the provider's own cabinet
    reason: Mapped[str | None] = mapped_column(String(255))  # the actor's
    cancel_reason: Mapped[str | None] = mapped_column(String(64))  # the provider's
    next_check_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class PaymentEvent(Base):
    """A notification as it came. A hint only: nothing is credited from it."""

    __tablename__ = "payment_events"
    __table_args__ = (
        UniqueConstraint("provider", "event", "object_id"),
        partial_index("ix_payment_events_unhandled", "next_attempt_at", where="handled_at IS NULL"),
    )

    id: Mapped[Key]
    provider: Mapped[Word]
    event: Mapped[str] = mapped_column(String(64))
    object_id: Mapped[str] = mapped_column(String(128))
    body: Mapped[JsonObject]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(255))
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]


class ProviderList(Base):
    """How far the provider's own list of one of its shops was read. A restored back-up brings an older mark with it."""

    __tablename__ = "provider_lists"

    provider: Mapped[Word] = mapped_column(primary_key=True)
    provider_shop_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    began_at: Mapped[datetime]  # each payment begun here later is signed
    read_until: Mapped[datetime]


class StrayStatus(StrEnum):
    KEPT = "kept"
    REFUNDED = "refunded"


class StrayPayment(Base):
    """Money that came for nothing we know: kept for an owner to send back."""

    __tablename__ = "stray_payments"
    __table_args__ = (
        UniqueConstraint("provider", "charge_id"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(one_of("status", StrayStatus), name="status_known"),
    )

    id: Mapped[Key]
    provider: Mapped[Word]
    charge_id: Mapped[str] = mapped_column(String(128))
    payer_id: Mapped[int | None] = mapped_column(BigInteger)  # a Telegram id
    amount: Mapped[Kopecks]
    currency: Mapped[CurrencyCode]
    payload: Mapped[str] = mapped_column(String(255))  # what the money said that it was for
    returned: Mapped[JsonObject] = mapped_column(server_default="{}")  # minor units by refund; "": told as a sum
    status: Mapped[Word]
    seen_at: Mapped[datetime]
    refunded_at: Mapped[datetime | None]
    renews: Mapped[bool] = mapped_column(server_default=false())  # of a subscription that its provider charges
    stop_at: Mapped[datetime | None]  # when the provider is told next to stop it
