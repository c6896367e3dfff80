"""The ledger: lots, transactions and their entries; packages, weekly bonuses."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, Credits, CurrencyCode, JsonObject, Key, Kopecks, Word, one_of, partial_index
from db.tables.currencies import Currency


class TransactionKind(StrEnum):
    WELCOME = "welcome"
    """Once for a new user."""
    BONUS = "bonus"
    """The weekly bonus."""
    GRANT = "grant"
    """Given by an admin."""
    TOPUP = "topup"
    """Paid for with money; one for each succeeded payment that did not buy a period of a plan."""
    PERIOD = "period"
    """What a plan gives for a period; it ends with it."""
    PERIOD_RETURN = "period_return"
    """What was left of a period that another plan took the place of."""
    CHARGE = "charge"
    """The price of a prediction or of all rows of a table, or the most that an answer may cost, held at submission."""
    CHARGE_REFUND = "charge_refund"
    """All of a charge that has not come back yet: nothing was delivered."""
    CHARGE_RETURN = "charge_return"
    """The unused part of what was held for an answer; of a table, what the rows cost that brought none."""
    EXPIRE = "expire"
    """What was left of a lot at its end."""
    TAKE_BACK = "take_back"
    """Removed by an admin or with a refund of money."""
    MERGED_OUT = "merged_out"
    """Of an account that became part of another one."""
    MERGED_IN = "merged_in"
    """From an account that became part of this one."""


GRANTS = (
    TransactionKind.WELCOME,
    TransactionKind.BONUS,
    TransactionKind.GRANT,
    TransactionKind.TOPUP,
    TransactionKind.PERIOD,
    TransactionKind.PERIOD_RETURN,
    TransactionKind.MERGED_IN,
)
POSITIVE = (*GRANTS, TransactionKind.CHARGE_REFUND, TransactionKind.CHARGE_RETURN)


def _words(kinds: tuple[TransactionKind, ...]) -> str:
    return ", ".join(repr(str(kind)) for kind in kinds)


class Lot(Base):
    """Credits that came together and expire together."""

    __tablename__ = "lots"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_words(GRANTS)})", name="kind_grants"),
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("remaining BETWEEN 0 AND amount", name="remaining_within_amount"),
        partial_index("ix_lots_open", "user_id", "expires_at", where="remaining > 0"),
        partial_index("ix_lots_expiring", "expires_at", where="remaining > 0 AND expires_at IS NOT NULL"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    kind: Mapped[Word]
    amount: Mapped[Credits]
    remaining: Mapped[Credits]
    moved_from_id: Mapped[int | None] = mapped_column(ForeignKey("lots.id", ondelete="RESTRICT"), index=True)
    """Of the account that was merged into this one: where these credits stood before."""
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Transaction(Base):
    """One immutable line of a user's ledger; triggers refuse UPDATE and DELETE of it and of its entries."""

    __tablename__ = "transactions"
    __table_args__ = (
        CheckConstraint(one_of("kind", TransactionKind), name="kind_known"),
        CheckConstraint(
            f"(kind IN ({_words(POSITIVE)}) AND amount > 0) OR (kind NOT IN ({_words(POSITIVE)}) AND amount < 0)",
            name="sign_follows_kind",
        ),
        CheckConstraint(
            "(kind IN ('charge', 'charge_refund', 'charge_return'))"
            " = (prediction_id IS NOT NULL OR message_id IS NOT NULL OR scoring_id IS NOT NULL)"
            " AND (prediction_id IS NULL OR message_id IS NULL)"
            " AND (scoring_id IS NULL OR (prediction_id IS NULL AND message_id IS NULL))"
            " AND (kind = 'topup') = (payment_id IS NOT NULL)"
            " AND (kind IN ('period', 'period_return')) = (period_id IS NOT NULL)"
            " AND (refund_id IS NULL OR kind = 'take_back')",
            name="cause_follows_kind",
        ),
        Index(None, "user_id", "id"),
        partial_index(
            "uq_transactions_prediction_kind", "prediction_id", "kind", unique=True, where="prediction_id IS NOT NULL"
        ),
        partial_index(
            "uq_transactions_message_kind", "message_id", "kind", unique=True, where="message_id IS NOT NULL"
        ),
        partial_index(
            "uq_transactions_scoring_kind", "scoring_id", "kind", unique=True, where="scoring_id IS NOT NULL"
        ),
        partial_index("uq_transactions_topup", "payment_id", unique=True, where="kind = 'topup'"),
        partial_index("uq_transactions_period_kind", "period_id", "kind", unique=True, where="period_id IS NOT NULL"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    kind: Mapped[Word]
    amount: Mapped[Credits]
    balance_after: Mapped[Credits]
    key: Mapped[str] = mapped_column(String(96), unique=True)  # makes the operation happen once
    prediction_id: Mapped[UUID | None] = mapped_column(ForeignKey("predictions.id", ondelete="RESTRICT"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="RESTRICT"))
    scoring_id: Mapped[UUID | None] = mapped_column(ForeignKey("scorings.id", ondelete="RESTRICT"))
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id", ondelete="RESTRICT"))
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refunds.id", ondelete="RESTRICT"))
    period_id: Mapped[int | None] = mapped_column(ForeignKey("subscription_periods.id", ondelete="RESTRICT"))
    comment: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime]


class LotEntry(Base):
    """The part of a transaction that a lot gave or got."""

    __tablename__ = "lot_entries"
    __table_args__ = (
        UniqueConstraint("transaction_id", "lot_id"),
        CheckConstraint("amount <> 0", name="amount_not_zero"),
    )

    id: Mapped[Key]
    transaction_id: Mapped[int] = mapped_column(ForeignKey("transactions.id", ondelete="RESTRICT"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("lots.id", ondelete="RESTRICT"), index=True)
    amount: Mapped[Credits]


class Package(Base):
    """Credits sold for a fixed price."""

    __tablename__ = "packages"
    __table_args__ = (
        CheckConstraint("credits > 0 AND price_kopecks > 0", name="amounts_positive"),
        CheckConstraint(one_of("currency", Currency), name="currency_known"),
        CheckConstraint("valid_days IS NULL OR valid_days > 0", name="valid_days_positive"),
    )

    id: Mapped[Key]
    title: Mapped[JsonObject]  # {ru, en}
    credits: Mapped[Credits]
    price_kopecks: Mapped[Kopecks]
    currency: Mapped[CurrencyCode] = mapped_column(default="RUB")
    valid_days: Mapped[int | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=100)
    created_at: Mapped[datetime]


class BonusGrant(Base):
    """At most one bonus a user a week."""

    __tablename__ = "bonus_grants"
    __table_args__ = (UniqueConstraint("user_id", "week"),)

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    week: Mapped[str] = mapped_column(String(8), index=True)  # ISO, 2026-W47
    amount: Mapped[Credits]
    transaction_id: Mapped[int | None] = mapped_column(ForeignKey("transactions.id", ondelete="RESTRICT"))
    created_at: Mapped[datetime]
