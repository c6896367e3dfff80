"""Plans, subscriptions and their periods, allowances, saved ways of paying. A payment may buy a period, and bears what
providers call its page and its money; credits of a period are a lot of their own."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0028"
down_revision = "0027"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
REFUSAL = "transactions are immutable: a line is corrected by another line"
CAUSE = (
    "(kind IN ('charge', 'charge_refund', 'charge_return'))"
    " = (prediction_id IS NOT NULL OR message_id IS NOT NULL)"
    " AND (prediction_id IS NULL OR message_id IS NULL)"
    " AND (kind = 'topup') = (payment_id IS NOT NULL)"
)
CAUSE_OF_REFUND = " AND (refund_id IS NULL OR kind = 'take_back')"
CAUSE_OF_PERIOD = " AND (kind IN ('period', 'period_return')) = (period_id IS NOT NULL)"
OLD_GRANTS, NEW_GRANTS = (
    f"'welcome', 'bonus', 'grant', 'topup', {more}'merged_in'" for more in ("", "'period', 'period_return', ")
)
OTHERS = "'charge', 'charge_refund', 'charge_return', 'expire', 'take_back', 'merged_out', 'merged_in'"
TABLES = (
    "plans",
    "stray_payments",
    "payment_methods",
    "plan_allowances",
    "plan_prices",
    "plan_trials",
    "subscriptions",
    "subscription_periods",
    "period_allowances",
    "allowance_uses",
)
LONGER = {"payment_events": "object_id", "refunds": "provider_refund_id"}


def upgrade() -> None:
    create_plans()
    create_stray_payments()
    create_payment_methods()
    create_plan_allowances()
    create_plan_prices()
    create_plan_trials()
    create_subscriptions()
    create_subscription_periods()
    create_period_allowances()
    create_allowance_uses()
    widen_payments()
    for table, column in LONGER.items():
        set_length(table, column, before=64, after=128)
    with op.batch_alter_table("transactions") as transactions:
        transactions.add_column(sa.Column("period_id", BIG_ID))
        transactions.create_foreign_key(
            op.f("fk_transactions_period_id"), "subscription_periods", ["period_id"], ["id"], ondelete="RESTRICT"
        )
    set_kinds(NEW_GRANTS, CAUSE + CAUSE_OF_PERIOD + CAUSE_OF_REFUND)
    op.create_index(
        "uq_transactions_period_kind",
        "transactions",
        ["period_id", "kind"],
        unique=True,
        **where("period_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Refused by the old constraints where a plan was sold: the older shop could not account for it."""
    op.drop_index("uq_transactions_period_kind", "transactions")
    set_kinds(OLD_GRANTS, CAUSE + CAUSE_OF_REFUND)
    with op.batch_alter_table("transactions") as transactions:
        transactions.drop_constraint(op.f("fk_transactions_period_id"), type_="foreignkey")
        transactions.drop_column("period_id")
    refuse_changes_again()
    for table, column in LONGER.items():
        set_length(table, column, before=128, after=64)
    narrow_payments()
    for table in reversed(TABLES):
        op.drop_table(table)


def where(condition: str) -> dict[str, Any]:
    """Of a partial index."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def set_length(table: str, column: str, *, before: int, after: int) -> None:
    with op.batch_alter_table(table) as changed:
        changed.alter_column(column, existing_type=sa.String(length=before), type_=sa.String(length=after))


def create_plans() -> None:
    op.create_table(
        "plans",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("title", JSON_OBJECT, nullable=False),
        sa.Column("description", JSON_OBJECT),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("discount_percent", sa.Integer(), nullable=False),
        sa.Column("trial_days", sa.Integer(), nullable=False),
        sa.Column("is_free", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("credits >= 0", name=op.f("ck_plans_credits_not_negative")),
        sa.CheckConstraint("discount_percent BETWEEN 0 AND 90", name=op.f("ck_plans_discount_bounded")),
        sa.CheckConstraint("months BETWEEN 1 AND 12", name=op.f("ck_plans_months_bounded")),
        sa.CheckConstraint("trial_days BETWEEN 0 AND 90", name=op.f("ck_plans_trial_bounded")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
        sa.UniqueConstraint("name", name=op.f("uq_plans_name")),
    )
    op.create_index("uq_plans_free", "plans", ["is_free"], unique=True, **where("is_free AND enabled"))


def create_stray_payments() -> None:
    op.create_table(
        "stray_payments",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("charge_id", sa.String(length=128), nullable=False),
        sa.Column("payer_id", sa.BigInteger()),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("payload", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("refunded_at", TIME),
        sa.CheckConstraint("status IN ('kept', 'refunded')", name=op.f("ck_stray_payments_status_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_stray_payments_amount_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stray_payments")),
        sa.UniqueConstraint("provider", "charge_id", name=op.f("uq_stray_payments_provider_charge_id")),
    )


def create_payment_methods() -> None:
    op.create_table(
        "payment_methods",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("provider_shop_id", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=255)),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("card_type", sa.String(length=32)),
        sa.Column("card_last4", sa.String(length=4)),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("refused_reason", sa.String(length=64)),
        sa.Column("consent", JSON_OBJECT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("unlinked_at", TIME),
        sa.CheckConstraint(
            "(state = 'unlinked') = (token IS NULL)", name=op.f("ck_payment_methods_token_while_linked")
        ),
        sa.CheckConstraint(
            "state IN ('active', 'refused', 'unlinking', 'unlinked')", name=op.f("ck_payment_methods_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_payment_methods_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
    )
    op.create_index("ix_payment_methods_unlinking", "payment_methods", ["updated_at"], **where("state = 'unlinking'"))
    op.create_index(op.f("ix_payment_methods_user_id"), "payment_methods", ["user_id"])
    op.create_index(
        "uq_payment_methods_token",
        "payment_methods",
        ["provider", "provider_shop_id", "token", "user_id"],
        unique=True,
        **where("token IS NOT NULL"),
    )


def create_plan_allowances() -> None:
    op.create_table(
        "plan_allowances",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("slugs", JSON_OBJECT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("unit IN ('requests', 'tokens')", name=op.f("ck_plan_allowances_unit_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_plan_allowances_amount_positive")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_allowances_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_allowances")),
    )
    op.create_index(op.f("ix_plan_allowances_plan_id"), "plan_allowances", ["plan_id"])


def create_plan_prices() -> None:
    op.create_table(
        "plan_prices",
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("currency IN ('RUB', 'XTR')", name=op.f("ck_plan_prices_currency_known")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_plan_prices_amount_positive")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_prices_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("plan_id", "currency", name=op.f("pk_plan_prices")),
    )


def create_plan_trials() -> None:
    op.create_table(
        "plan_trials",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_trials_plan_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_plan_trials_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_plan_trials")),
    )


def create_subscriptions() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("price", sa.BigInteger()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("provider", sa.String(length=32)),
        sa.Column("method_id", sa.Uuid()),
        sa.Column("anchor_day", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("cancel_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("scheduled_plan_id", BIG_ID),
        sa.Column("scheduled_price", sa.BigInteger()),
        sa.Column("look_at", TIME),
        sa.Column("warned_of", TIME),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("decline_reason", sa.String(length=64)),
        sa.Column("past_due_at", TIME),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("canceled_at", TIME),
        sa.Column("ended_at", TIME),
        sa.CheckConstraint(
            "status IN ('trialing', 'active', 'past_due', 'canceled', 'expired')",
            name=op.f("ck_subscriptions_status_known"),
        ),
        sa.CheckConstraint("(price IS NULL) = (currency IS NULL)", name=op.f("ck_subscriptions_price_has_currency")),
        sa.CheckConstraint("anchor_day BETWEEN 1 AND 31", name=op.f("ck_subscriptions_anchor_is_a_day")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_subscriptions_period_goes_forward")),
        sa.ForeignKeyConstraint(
            ["method_id"], ["payment_methods.id"], name=op.f("fk_subscriptions_method_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_subscriptions_plan_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["scheduled_plan_id"], ["plans.id"], name=op.f("fk_subscriptions_scheduled_plan_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_subscriptions_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_index("ix_subscriptions_due", "subscriptions", ["look_at"], **where("look_at IS NOT NULL"))
    op.create_index(op.f("ix_subscriptions_method_id"), "subscriptions", ["method_id"])
    op.create_index(op.f("ix_subscriptions_plan_id_status"), "subscriptions", ["plan_id", "status"])
    op.create_index(op.f("ix_subscriptions_user_id_started_at"), "subscriptions", ["user_id", "started_at"])
    op.create_index(
        "uq_subscriptions_live",
        "subscriptions",
        ["user_id"],
        unique=True,
        **where("status IN ('trialing', 'active', 'past_due')"),
    )


def create_subscription_periods() -> None:
    op.create_table(
        "subscription_periods",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("plan_id", BIG_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("payment_id", sa.Uuid()),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint(
            "(kind = 'paid') = (payment_id IS NOT NULL)", name=op.f("ck_subscription_periods_paid_by_a_payment")
        ),
        sa.CheckConstraint("kind IN ('paid', 'trial', 'free')", name=op.f("ck_subscription_periods_kind_known")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_subscription_periods_goes_forward")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_subscription_periods_payment_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_subscription_periods_plan_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_subscription_periods_subscription_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_subscription_periods_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_periods")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_subscription_periods_payment_id")),
        sa.UniqueConstraint("subscription_id", "number", name=op.f("uq_subscription_periods_subscription_id_number")),
    )
    op.create_index(op.f("ix_subscription_periods_plan_id"), "subscription_periods", ["plan_id"])
    op.create_index(op.f("ix_subscription_periods_user_id_ends_at"), "subscription_periods", ["user_id", "ends_at"])


def create_period_allowances() -> None:
    op.create_table(
        "period_allowances",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("period_id", BIG_ID, nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("slugs", JSON_OBJECT, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("unit IN ('requests', 'tokens')", name=op.f("ck_period_allowances_unit_known")),
        sa.CheckConstraint("used BETWEEN 0 AND amount", name=op.f("ck_period_allowances_used_within_amount")),
        sa.ForeignKeyConstraint(
            ["period_id"], ["subscription_periods.id"], name=op.f("fk_period_allowances_period_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_allowances")),
    )
    op.create_index(op.f("ix_period_allowances_period_id"), "period_allowances", ["period_id"])


def create_allowance_uses() -> None:
    op.create_table(
        "allowance_uses",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("allowance_id", BIG_ID, nullable=False),
        sa.Column("prediction_id", sa.Uuid()),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("(prediction_id IS NULL) <> (message_id IS NULL)", name=op.f("ck_allowance_uses_one_cause")),
        sa.CheckConstraint(
            "amount > 0 AND returned BETWEEN 0 AND amount", name=op.f("ck_allowance_uses_amounts_possible")
        ),
        sa.ForeignKeyConstraint(
            ["allowance_id"], ["period_allowances.id"], name=op.f("fk_allowance_uses_allowance_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_allowance_uses_message_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["prediction_id"], ["predictions.id"], name=op.f("fk_allowance_uses_prediction_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowance_uses")),
    )
    op.create_index(op.f("ix_allowance_uses_allowance_id"), "allowance_uses", ["allowance_id"])
    op.create_index(
        "uq_allowance_uses_message", "allowance_uses", ["message_id"], unique=True, **where("message_id IS NOT NULL")
    )
    op.create_index(
        "uq_allowance_uses_prediction",
        "allowance_uses",
        ["prediction_id"],
        unique=True,
        **where("prediction_id IS NOT NULL"),
    )


PAYMENTS = (
    ("plan_id", BIG_ID),
    ("subscription_id", sa.Uuid()),
    ("period_number", sa.Integer()),
    ("method_id", sa.Uuid()),
    ("consent", JSON_OBJECT),
    ("order_id", sa.String(length=64)),
    ("charge_id", sa.String(length=128)),
    ("payer_id", sa.BigInteger()),
    ("card_type", sa.String(length=32)),
    ("card_last4", sa.String(length=4)),
    ("deadline_at", TIME),
)
REFERENCES = {"plan_id": "plans", "subscription_id": "subscriptions", "method_id": "payment_methods"}
PAYMENT_INDEXES = {
    "uq_payments_charge": (["provider", "charge_id"], True, "charge_id IS NOT NULL"),
    "uq_payments_open_period": (
        ["subscription_id", "period_number"],
        True,
        "period_number IS NOT NULL AND status IN ('pending', 'waiting_for_capture')",
    ),
    "ix_payments_subscription": (["subscription_id"], False, "subscription_id IS NOT NULL"),
}


def widen_payments() -> None:
    with op.batch_alter_table("payments") as payments:
        for name, kind in PAYMENTS:
            payments.add_column(sa.Column(name, kind))
        payments.alter_column("provider_payment_id", existing_type=sa.String(length=64), type_=sa.String(length=128))
        for column, table in REFERENCES.items():
            payments.create_foreign_key(op.f(f"fk_payments_{column}"), table, [column], ["id"], ondelete="RESTRICT")
        payments.drop_constraint(op.f("ck_payments_amounts_positive"), type_="check")
        payments.create_check_constraint(
            op.f("ck_payments_amounts_positive"),
            "amount_kopecks > 0 AND (credits > 0 OR plan_id IS NOT NULL AND credits = 0)",
        )
        payments.create_check_constraint(
            op.f("ck_payments_subscription_has_plan"), "subscription_id IS NULL OR plan_id IS NOT NULL"
        )
    for index, (columns, unique, condition) in PAYMENT_INDEXES.items():
        op.create_index(index, "payments", columns, unique=unique, **where(condition))


def narrow_payments() -> None:
    for index in PAYMENT_INDEXES:
        op.drop_index(index, "payments")
    with op.batch_alter_table("payments") as payments:
        payments.drop_constraint(op.f("ck_payments_subscription_has_plan"), type_="check")
        payments.drop_constraint(op.f("ck_payments_amounts_positive"), type_="check")
        payments.create_check_constraint(op.f("ck_payments_amounts_positive"), "amount_kopecks > 0 AND credits > 0")
        for column in REFERENCES:
            payments.drop_constraint(op.f(f"fk_payments_{column}"), type_="foreignkey")
        payments.alter_column("provider_payment_id", existing_type=sa.String(length=128), type_=sa.String(length=64))
        for name, _ in reversed(PAYMENTS):
            payments.drop_column(name)


def set_kinds(grants: str, cause: str) -> None:
    positive = f"{grants}, 'charge_refund', 'charge_return'"
    paid = grants.removesuffix(", 'merged_in'")
    checks = {
        "kind_known": f"kind IN ({paid}, {OTHERS})",
        "sign_follows_kind": f"(kind IN ({positive}) AND amount > 0) OR (kind NOT IN ({positive}) AND amount < 0)",
        "cause_follows_kind": cause,
    }
    with op.batch_alter_table("transactions") as transactions:
        for name, condition in checks.items():
            transactions.drop_constraint(op.f(f"ck_transactions_{name}"), type_="check")
            transactions.create_check_constraint(op.f(f"ck_transactions_{name}"), condition)
    with op.batch_alter_table("lots") as lots:
        lots.drop_constraint(op.f("ck_lots_kind_grants"), type_="check")
        lots.create_check_constraint(op.f("ck_lots_kind_grants"), f"kind IN ({grants})")
    refuse_changes_again()


def refuse_changes_again() -> None:
    """SQLite made the table anew, and the new one has no triggers yet."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS transactions_refuse_{change}")
        op.execute(
            f"CREATE TRIGGER transactions_refuse_{change} BEFORE {change.upper()} ON transactions"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
