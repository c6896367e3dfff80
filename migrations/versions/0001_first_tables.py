"""The first tables; triggers that keep the ledger's lines as they were written."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
TIME = sa.DateTime(timezone=True)

IMMUTABLE = ("transactions", "lot_entries")
REFUSAL = "% are immutable: a line is corrected by another line"
TABLES = (  # as they can be dropped
    "fsm_state",
    "outbox",
    "bonus_grants",
    "lot_entries",
    "transactions",
    "lots",
    "files",
    "predictions",
    "payment_events",
    "refunds",
    "payments",
    "packages",
    "presets",
    "models",
    "audit_log",
    "admins",
    "users",
)


def upgrade() -> None:
    create_people()
    create_catalogue()
    create_payments()
    create_predictions()
    create_ledger()
    create_chat()
    if op.get_bind().dialect.name == "sqlite":
        refuse_changes_on_sqlite()
    else:
        refuse_changes_on_postgresql()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")


def refuse_changes_on_sqlite() -> None:
    for table in IMMUTABLE:
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{change} BEFORE {change.upper()} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL.replace('%', table)}'); END"
            )


def refuse_changes_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in IMMUTABLE:
        for change in ("update", "delete", "truncate"):
            each = "STATEMENT" if change == "truncate" else "ROW"
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{change} BEFORE {change.upper()} ON {table}"
                f" FOR EACH {each} EXECUTE FUNCTION refuse_change()"
            )


def partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def create_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.String(64)),
        sa.Column("first_name", sa.String(64), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("language_chosen", sa.Boolean(), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("gender", sa.String(8)),
        sa.Column("age", sa.Integer()),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("bonus_muted", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("blocked_at", TIME),
        sa.Column("disabled_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("telegram_id", name=op.f("uq_users_telegram_id")),
        sa.CheckConstraint("age IS NULL OR (age BETWEEN 1 AND 120)", name=op.f("ck_users_age_is_human")),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_users_balance_not_negative")),
        sa.CheckConstraint("gender IS NULL OR gender IN ('female', 'male')", name=op.f("ck_users_gender_known")),
    )
    op.create_index("ix_users_email", "users", ["email"])
    op.create_index("ix_users_last_seen_at", "users", ["last_seen_at"])
    op.create_index("ix_users_username", "users", ["username"])
    op.create_table(
        "admins",
        sa.Column("telegram_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("granted_by", sa.BigInteger()),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_admins")),
        sa.CheckConstraint("role IN ('owner', 'admin', 'moderator')", name=op.f("ck_admins_role_known")),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("actor_telegram_id", sa.BigInteger()),
        sa.Column(
            "target_user_id",
            BIG_ID,
            sa.ForeignKey("users.id", name=op.f("fk_audit_log_target_user_id"), ondelete="RESTRICT"),
        ),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(64)),
        sa.Column("before", JSON_OBJECT),
        sa.Column("after", JSON_OBJECT),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_created_at", "audit_log", ["created_at"])
    op.create_index("ix_audit_log_target_user_id_created_at", "audit_log", ["target_user_id", "created_at"])


def create_catalogue() -> None:
    op.create_table(
        "models",
        sa.Column("slug", sa.String(32), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("manifest", JSON_OBJECT, nullable=False),
        sa.Column("manifest_price", sa.BigInteger(), nullable=False),
        sa.Column("manifest_position", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("admin_price", sa.BigInteger()),
        sa.Column("admin_enabled", sa.Boolean()),
        sa.Column("admin_position", sa.Integer()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_models")),
        sa.CheckConstraint(
            "manifest_price >= 0 AND (admin_price IS NULL OR admin_price >= 0)",
            name=op.f("ck_models_price_not_negative"),
        ),
    )
    op.create_table(
        "presets",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("slug", sa.String(32), nullable=False),
        sa.Column(
            "model_slug",
            sa.String(32),
            sa.ForeignKey("models.slug", name=op.f("fk_presets_model_slug"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("title", JSON_OBJECT, nullable=False),
        sa.Column("icon", sa.String(16)),
        sa.Column("price", sa.BigInteger()),
        sa.Column("inputs", JSON_OBJECT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presets")),
        sa.UniqueConstraint("slug", name=op.f("uq_presets_slug")),
    )
    op.create_index("ix_presets_model_slug", "presets", ["model_slug"])
    op.create_table(
        "packages",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("title", JSON_OBJECT, nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("price_kopecks", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("valid_days", sa.Integer()),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_packages")),
        sa.CheckConstraint("credits > 0 AND price_kopecks > 0", name=op.f("ck_packages_amounts_positive")),
        sa.CheckConstraint("valid_days IS NULL OR valid_days > 0", name=op.f("ck_packages_valid_days_positive")),
    )


def create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "user_id",
            BIG_ID,
            sa.ForeignKey("users.id", name=op.f("fk_payments_user_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column(
            "package_id", BIG_ID, sa.ForeignKey("packages.id", name=op.f("fk_payments_package_id"), ondelete="RESTRICT")
        ),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("provider_payment_id", sa.String(64)),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("amount_kopecks", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("valid_days", sa.Integer()),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(128), nullable=False),
        sa.Column("receipt_email", sa.String(254)),
        sa.Column("return_url", sa.String(255), nullable=False),
        sa.Column("confirmation_url", sa.Text()),
        sa.Column("cancel_reason", sa.String(64)),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("next_check_at", TIME),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("paid_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("provider", "provider_payment_id", name=op.f("uq_payments_provider_provider_payment_id")),
        sa.CheckConstraint("amount_kopecks > 0 AND credits > 0", name=op.f("ck_payments_amounts_positive")),
        sa.CheckConstraint(
            "status IN ('pending', 'waiting_for_capture', 'succeeded', 'canceled')",
            name=op.f("ck_payments_status_known"),
        ),
    )
    partial_index("ix_payments_to_check", "payments", ["next_check_at"], "next_check_at IS NOT NULL")
    op.create_index("ix_payments_created_at", "payments", ["created_at"])
    op.create_index("ix_payments_user_id_created_at", "payments", ["user_id", "created_at"])
    op.create_table(
        "refunds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "payment_id",
            sa.Uuid(),
            sa.ForeignKey("payments.id", name=op.f("fk_refunds_payment_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("provider_refund_id", sa.String(64)),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("amount_kopecks", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("credits_taken", sa.BigInteger(), nullable=False),
        sa.Column("credits_uncollected", sa.BigInteger(), nullable=False),
        sa.Column("actor_telegram_id", sa.BigInteger()),
        sa.Column("reason", sa.String(255)),
        sa.Column("cancel_reason", sa.String(64)),
        sa.Column("next_check_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("provider_refund_id", name=op.f("uq_refunds_provider_refund_id")),
        sa.CheckConstraint("amount_kopecks > 0", name=op.f("ck_refunds_amount_positive")),
        sa.CheckConstraint(
            "credits_taken >= 0 AND credits_uncollected >= 0", name=op.f("ck_refunds_credits_not_negative")
        ),
        sa.CheckConstraint("status IN ('pending', 'succeeded', 'canceled')", name=op.f("ck_refunds_status_known")),
    )
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"])
    partial_index("ix_refunds_to_check", "refunds", ["next_check_at"], "next_check_at IS NOT NULL")
    op.create_table(
        "payment_events",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("object_id", sa.String(64), nullable=False),
        sa.Column("body", JSON_OBJECT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", TIME),
        sa.Column("error", sa.String(255)),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("handled_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_events")),
        sa.UniqueConstraint("provider", "event", "object_id", name=op.f("uq_payment_events_provider_event_object_id")),
    )
    partial_index("ix_payment_events_unhandled", "payment_events", ["next_attempt_at"], "handled_at IS NULL")


def create_predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "user_id",
            BIG_ID,
            sa.ForeignKey("users.id", name=op.f("fk_predictions_user_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column(
            "model_slug",
            sa.String(32),
            sa.ForeignKey("models.slug", name=op.f("fk_predictions_model_slug"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("model_version", sa.String(32), nullable=False),
        sa.Column(
            "preset_id", BIG_ID, sa.ForeignKey("presets.id", name=op.f("fk_predictions_preset_id"), ondelete="RESTRICT")
        ),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.Column("inputs", JSON_OBJECT, nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", TIME, nullable=False),
        sa.Column("leased_until", TIME),
        sa.Column("leased_by", sa.String(64)),
        sa.Column("result", JSON_OBJECT),
        sa.Column("error", sa.String(255)),
        sa.Column("error_code", sa.String(64)),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("finished_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
        sa.UniqueConstraint("user_id", "request_key", name=op.f("uq_predictions_user_id_request_key")),
        sa.CheckConstraint("price >= 0", name=op.f("ck_predictions_price_not_negative")),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'canceled')",
            name=op.f("ck_predictions_status_known"),
        ),
    )
    partial_index("ix_predictions_queue", "predictions", ["model_slug", "available_at"], "status = 'queued'")
    partial_index("ix_predictions_leases", "predictions", ["leased_until"], "status = 'running'")
    op.create_index("ix_predictions_created_at", "predictions", ["created_at"])
    op.create_index("ix_predictions_user_id_created_at", "predictions", ["user_id", "created_at"])
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "user_id",
            BIG_ID,
            sa.ForeignKey("users.id", name=op.f("fk_files_user_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column(
            "prediction_id",
            sa.Uuid(),
            sa.ForeignKey("predictions.id", name=op.f("fk_files_prediction_id"), ondelete="RESTRICT"),
        ),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_files_size_not_negative")),
    )
    op.create_index("ix_files_prediction_id", "files", ["prediction_id"])
    op.create_index("ix_files_user_id", "files", ["user_id"])


def create_ledger() -> None:
    op.create_table(
        "lots",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "user_id",
            BIG_ID,
            sa.ForeignKey("users.id", name=op.f("fk_lots_user_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lots")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_lots_amount_positive")),
        sa.CheckConstraint("kind IN ('welcome', 'bonus', 'grant', 'topup')", name=op.f("ck_lots_kind_grants")),
        sa.CheckConstraint("remaining BETWEEN 0 AND amount", name=op.f("ck_lots_remaining_within_amount")),
    )
    partial_index("ix_lots_expiring", "lots", ["expires_at"], "remaining > 0 AND expires_at IS NOT NULL")
    partial_index("ix_lots_open", "lots", ["user_id", "expires_at"], "remaining > 0")
    op.create_table(
        "transactions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "user_id",
            BIG_ID,
            sa.ForeignKey("users.id", name=op.f("fk_transactions_user_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column(
            "prediction_id",
            sa.Uuid(),
            sa.ForeignKey("predictions.id", name=op.f("fk_transactions_prediction_id"), ondelete="RESTRICT"),
        ),
        sa.Column(
            "payment_id",
            sa.Uuid(),
            sa.ForeignKey("payments.id", name=op.f("fk_transactions_payment_id"), ondelete="RESTRICT"),
        ),
        sa.Column(
            "refund_id",
            sa.Uuid(),
            sa.ForeignKey("refunds.id", name=op.f("fk_transactions_refund_id"), ondelete="RESTRICT"),
        ),
        sa.Column("comment", sa.String(255)),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transactions")),
        sa.UniqueConstraint("key", name=op.f("uq_transactions_key")),
        sa.CheckConstraint(
            "(kind IN ('charge', 'charge_refund')) = (prediction_id IS NOT NULL)"
            " AND (kind = 'topup') = (payment_id IS NOT NULL)"
            " AND (refund_id IS NULL OR kind = 'take_back')",
            name=op.f("ck_transactions_cause_follows_kind"),
        ),
        sa.CheckConstraint(
            "kind IN ('welcome', 'bonus', 'grant', 'topup', 'charge', 'charge_refund', 'expire', 'take_back')",
            name=op.f("ck_transactions_kind_known"),
        ),
        sa.CheckConstraint(
            "(kind IN ('welcome', 'bonus', 'grant', 'topup', 'charge_refund') AND amount > 0)"
            " OR (kind NOT IN ('welcome', 'bonus', 'grant', 'topup', 'charge_refund') AND amount < 0)",
            name=op.f("ck_transactions_sign_follows_kind"),
        ),
    )
    partial_index("uq_transactions_topup", "transactions", ["payment_id"], "kind = 'topup'", unique=True)
    partial_index(
        "uq_transactions_prediction_kind",
        "transactions",
        ["prediction_id", "kind"],
        "prediction_id IS NOT NULL",
        unique=True,
    )
    op.create_index("ix_transactions_user_id_id", "transactions", ["user_id", "id"])
    op.create_table(
        "lot_entries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "transaction_id",
            BIG_ID,
            sa.ForeignKey("transactions.id", name=op.f("fk_lot_entries_transaction_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column(
            "lot_id",
            BIG_ID,
            sa.ForeignKey("lots.id", name=op.f("fk_lot_entries_lot_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot_entries")),
        sa.UniqueConstraint("transaction_id", "lot_id", name=op.f("uq_lot_entries_transaction_id_lot_id")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_lot_entries_amount_not_zero")),
    )
    op.create_index("ix_lot_entries_lot_id", "lot_entries", ["lot_id"])
    op.create_table(
        "bonus_grants",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "user_id",
            BIG_ID,
            sa.ForeignKey("users.id", name=op.f("fk_bonus_grants_user_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "transaction_id",
            BIG_ID,
            sa.ForeignKey("transactions.id", name=op.f("fk_bonus_grants_transaction_id"), ondelete="RESTRICT"),
        ),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonus_grants")),
        sa.UniqueConstraint("user_id", "week", name=op.f("uq_bonus_grants_user_id_week")),
    )
    op.create_index("ix_bonus_grants_week", "bonus_grants", ["week"])


def create_chat() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column(
            "user_id",
            BIG_ID,
            sa.ForeignKey("users.id", name=op.f("fk_outbox_user_id"), ondelete="RESTRICT"),
            nullable=False,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("payload", JSON_OBJECT, nullable=False),
        sa.Column("key", sa.String(96), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", TIME, nullable=False),
        sa.Column("error", sa.String(255)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("sent_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
        sa.CheckConstraint("status IN ('pending', 'sent', 'skipped', 'failed')", name=op.f("ck_outbox_status_known")),
    )
    partial_index("ix_outbox_due", "outbox", ["priority", "id", "available_at"], "status = 'pending'")
    partial_index("ix_outbox_chat", "outbox", ["user_id", "priority", "id"], "status = 'pending'")
    op.create_table(
        "fsm_state",
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("state", sa.String(128)),
        sa.Column("data", JSON_OBJECT, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_fsm_state")),
    )
    op.create_index("ix_fsm_state_updated_at", "fsm_state", ["updated_at"])
