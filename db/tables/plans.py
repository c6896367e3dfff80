"""Plans, who subscribes to which, the periods that were paid or given, what is used of allowances, saved cards."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, CurrencyCode, Json, JsonObject, Key, Kopecks, UuidKey, Word, one_of, partial_index
from db.tables.currencies import Currency


class SubscriptionStatus(StrEnum):
    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    """Its period has ended and the next is not paid yet: it is tried again for some days, and gives nothing then."""
    CANCELED = "canceled"
    """Ended as its user, or an owner's refund, wanted; or another plan took its place."""
    EXPIRED = "expired"
    """Ended because nobody paid."""


class PeriodKind(StrEnum):
    PAID = "paid"
    TRIAL = "trial"
    FREE = "free"


class AllowanceUnit(StrEnum):
    REQUESTS = "requests"
    """A prediction, or an answer of an assistant."""
    TOKENS = "tokens"
    """Of assistants: of the prompt and of the answer."""


class MethodState(StrEnum):
    ACTIVE = "active"
    REFUSED = "refused"
    """Its provider said that it will never pay again."""
    UNLINKING = "unlinking"
    """Its owner took it back; the provider, who charges by itself, has still to be told."""
    UNLINKED = "unlinked"


LIVE = (SubscriptionStatus.TRIALING, SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)
_LIVE_SQL = f"status IN ({', '.join(repr(str(status)) for status in LIVE)})"


class Plan(Base):
    """What is sold by the period. The free one, which needs no payment, is everybody's who has no other."""

    __tablename__ = "plans"
    __table_args__ = (
        CheckConstraint("months BETWEEN 1 AND 12", name="months_bounded"),
        CheckConstraint("credits >= 0", name="credits_not_negative"),
        CheckConstraint("discount_percent BETWEEN 0 AND 90", name="discount_bounded"),
        CheckConstraint("trial_days BETWEEN 0 AND 90", name="trial_bounded"),
        partial_index("uq_plans_free", "is_free", unique=True, where="is_free AND enabled"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[JsonObject]  # {ru, en}
    description: Mapped[JsonObject | None]  # {ru, en}
    months: Mapped[int] = mapped_column(default=1)  # of a period
    credits: Mapped[Credits] = mapped_column(default=0)  # of a period, and end with it
    discount_percent: Mapped[int] = mapped_column(default=0)  # off packages
    trial_days: Mapped[int] = mapped_column(default=0)
    is_free: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=100)
    created_at: Mapped[datetime]


class PlanPrice(Base):
    """One for each currency that the plan is sold for. Who subscribes keeps the price of then."""

    __tablename__ = "plan_prices"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(one_of("currency", Currency), name="currency_known"),
    )

    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True)
    currency: Mapped[CurrencyCode] = mapped_column(primary_key=True)
    amount: Mapped[Kopecks]


class PlanAllowance(Base):
    """So much, in each period, of some models and assistants, or of all (`slugs` empty)."""

    __tablename__ = "plan_allowances"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint(one_of("unit", AllowanceUnit), name="unit_known"),
    )

    id: Mapped[Key]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"), index=True)
    unit: Mapped[Word]
    amount: Mapped[int]
    slugs: Mapped[list[str]] = mapped_column(Json)
    position: Mapped[int] = mapped_column(default=100)


class PaymentMethod(Base):
    """A card or another way of paying that its owner let the shop charge again; of Telegram, which charges by itself,
    the subscription there (`token`: the charge id of its first payment)."""

    __tablename__ = "payment_methods"
    __table_args__ = (
        CheckConstraint(one_of("state", MethodState), name="state_known"),
        CheckConstraint("(state = 'unlinked') = (token IS NULL)", name="token_while_linked"),
        partial_index(
            "uq_payment_methods_token",
            "provider",
            "provider_shop_id",
            "token",
            "user_id",
            unique=True,
            where="token IS NOT NULL",
        ),
        partial_index("ix_payment_methods_unlinking", "updated_at", where="state = 'unlinking'"),
        Index(None, "user_id"),
    )

    id: Mapped[UuidKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    kept_for: Mapped[int | None] = mapped_column(
        BigInteger
    )  # by which user the provider knows it, where another has it
    provider: Mapped[Word]
    provider_shop_id: Mapped[str] = mapped_column(String(64))  # a token works at this one alone
    token: Mapped[str | None] = mapped_column(String(255))
    by_provider: Mapped[bool] = mapped_column(default=False, server_default=false())  # it charges until it is told
    title: Mapped[str] = mapped_column(String(64))  # as its owner knows it: Visa •• 4242
    card_type: Mapped[str | None] = mapped_column(String(32))
    card_last4: Mapped[str | None] = mapped_column(String(4))
    state: Mapped[Word]
    refused_reason: Mapped[str | None] = mapped_column(String(64))
    consent: Mapped[JsonObject]  # text, language, amount, currency, months, at
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    unlinked_at: Mapped[datetime | None]


class Subscription(Base):
    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint(one_of("status", SubscriptionStatus), name="status_known"),
        CheckConstraint("anchor_day BETWEEN 1 AND 31", name="anchor_is_a_day"),
        CheckConstraint("(price IS NULL) = (currency IS NULL)", name="price_has_currency"),
        CheckConstraint("ends_at > starts_at", name="period_goes_forward"),
        partial_index("uq_subscriptions_live", "user_id", unique=True, where=_LIVE_SQL),
        partial_index("ix_subscriptions_due", "look_at", where="look_at IS NOT NULL"),
        Index(None, "user_id", "started_at"),
        Index(None, "plan_id", "status"),
    )

    id: Mapped[UuidKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="RESTRICT"))
    status: Mapped[Word]
    price: Mapped[int | None] = mapped_column(BigInteger)  # agreed for a period; null: free
    currency: Mapped[str | None] = mapped_column(String(3))
    provider: Mapped[Word | None]  # who takes the price
    method_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_methods.id", ondelete="RESTRICT"), index=True)
    anchor_day: Mapped[int]  # of the month on which periods begin, where the month has it
    number: Mapped[int]  # of the present period, the last one that was opened
    starts_at: Mapped[datetime]  # of it
    ends_at: Mapped[datetime]
    auto_renew: Mapped[bool]  # the method may be charged, or Telegram charges
    cancel_at_period_end: Mapped[bool] = mapped_column(default=False)
    scheduled_plan_id: Mapped[int | None] = mapped_column(ForeignKey("plans.id", ondelete="RESTRICT"))
    scheduled_price: Mapped[int | None] = mapped_column(BigInteger)
    look_at: Mapped[datetime | None]  # when something must be done: warn, charge, end; also the lease
    warned_of: Mapped[datetime | None]  # the end of the period whose renewal was announced
    tries: Mapped[int] = mapped_column(default=0)  # that were declined, for the next period
    decline_reason: Mapped[str | None] = mapped_column(String(64))  # of the last of them
    past_due_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    canceled_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class SubscriptionPeriod(Base):
    """One stretch, paid or free. It may end sooner than it was to: by a refund, or by a change of plan."""

    __tablename__ = "subscription_periods"
    __table_args__ = (
        UniqueConstraint("subscription_id", "number"),
        UniqueConstraint("payment_id"),
        CheckConstraint(one_of("kind", PeriodKind), name="kind_known"),
        CheckConstraint("ends_at > starts_at", name="goes_forward"),
        CheckConstraint("(kind = 'paid') = (payment_id IS NOT NULL)", name="paid_by_a_payment"),
        Index(None, "user_id", "ends_at"),
    )

    id: Mapped[Key]
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscriptions.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="RESTRICT"), index=True)
    number: Mapped[int]  # from 1
    kind: Mapped[Word]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id", ondelete="RESTRICT"))
    credits: Mapped[Credits] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]  # before its end
    created_at: Mapped[datetime]


class PeriodAllowance(Base):
    """What a period gives of an allowance, and what of it is used or held."""

    __tablename__ = "period_allowances"
    __table_args__ = (
        CheckConstraint("used BETWEEN 0 AND amount", name="used_within_amount"),
        CheckConstraint(one_of("unit", AllowanceUnit), name="unit_known"),
    )

    id: Mapped[Key]
    period_id: Mapped[int] = mapped_column(ForeignKey("subscription_periods.id", ondelete="RESTRICT"), index=True)
    unit: Mapped[Word]
    slugs: Mapped[list[str]] = mapped_column(Json)
    amount: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=100)


class AllowanceUse(Base):
    """What a prediction, an answer or the rows of a table took of an allowance in place of credits; `returned`: what
    came back of it."""

    __tablename__ = "allowance_uses"
    __table_args__ = (
        CheckConstraint("amount > 0 AND returned BETWEEN 0 AND amount", name="amounts_possible"),
        CheckConstraint(
            "CASE WHEN prediction_id IS NULL THEN 0 ELSE 1 END + CASE WHEN message_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN scoring_id IS NULL THEN 0 ELSE 1 END = 1",
            name="one_cause",
        ),
        partial_index("uq_allowance_uses_prediction", "prediction_id", unique=True, where="prediction_id IS NOT NULL"),
        partial_index("uq_allowance_uses_message", "message_id", unique=True, where="message_id IS NOT NULL"),
        partial_index("uq_allowance_uses_scoring", "scoring_id", unique=True, where="scoring_id IS NOT NULL"),
    )

    id: Mapped[Key]
    allowance_id: Mapped[int] = mapped_column(ForeignKey("period_allowances.id", ondelete="RESTRICT"), index=True)
    prediction_id: Mapped[UUID | None] = mapped_column(ForeignKey("predictions.id", ondelete="RESTRICT"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="RESTRICT"))
    scoring_id: Mapped[UUID | None] = mapped_column(ForeignKey("scorings.id", ondelete="RESTRICT"))
    amount: Mapped[int]
    returned: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class PlanTrial(Base):
    """A person has one, of whatever plan."""

    __tablename__ = "plan_trials"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="RESTRICT"))
    started_at: Mapped[datetime]
